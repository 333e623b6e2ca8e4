"""How a run looks while it goes on: bars with rate and remaining time on a terminal, plain lines otherwise."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import threading
import time
from typing import TYPE_CHECKING, Self, TypeVar

from hsbench.planning.text import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from rich.progress import TaskID

    from hsbench.execution.engines.base import Listener
    from hsbench.execution.process import Outcome
    from hsbench.planning.plan import PlannedCell


T = TypeVar("T")


class Display:
    """What shows how a run goes on; this one shows nothing. A context manager, open while the run goes on.

    Attributes:
        silent: whether it shows nothing.
    """

    silent = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def started(self, planned: PlannedCell) -> None:
        """Show that the worker of a cell runs."""

    def progressed(self, planned: PlannedCell, stage: str, done: float, total: int) -> None:
        """Show how much of a cell is done."""

    def ended(self, planned: PlannedCell, outcome: Outcome) -> None:
        """Show how a cell ended."""


class PlainProgress(Display):
    """A line when a cell starts, every ten seconds while it runs, and when it ends."""

    silent = False

    def __init__(self, every: float = 10.0) -> None:
        self.every = every
        self._lock = threading.Lock()
        self._start: dict[tuple[str, str], tuple[float, float]] = {}
        self._last: dict[str, float] = {}

    def started(self, planned: PlannedCell) -> None:
        """Print that the worker of a cell runs."""
        self._say(f"{planned.cell.folder}: started")

    def progressed(self, planned: PlannedCell, stage: str, done: float, total: int) -> None:
        """Print how much of a cell is done, but not too often."""
        name, moment = planned.cell.folder, time.monotonic()
        first, origin = self._start.setdefault((name, stage), (moment, done))
        if moment - self._last.setdefault(name, moment) < self.every:
            return
        self._last[name] = moment
        unit = unit_of(stage)
        shown = f"{done:.0f}" if unit == "steps" else f"{done:.2f}"
        self._say(f"{name}: {stage} {shown}/{total} {unit}{pace(done - origin, total - done, moment - first, unit)}")

    def ended(self, planned: PlannedCell, outcome: Outcome) -> None:
        """Print how a cell ended."""
        self._say(f"{planned.cell.folder}: {outcome.status}" + (f": {outcome.message}" if outcome.message else ""))

    def _say(self, line: str) -> None:
        with self._lock:
            print(line, flush=True)


class BarProgress(Display):
    """One bar per running cell."""

    silent = False

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[note]}"),
            TimeRemainingColumn(),
        )
        self._tasks: dict[str, TaskID] = {}
        self._start: dict[tuple[str, str], tuple[float, float]] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def started(self, planned: PlannedCell) -> None:
        """Add a bar for a cell whose worker runs."""
        self._tasks[planned.cell.key] = self._bars.add_task(planned.rows[0], total=len(planned.clips), note="starting")

    def progressed(self, planned: PlannedCell, stage: str, done: float, total: int) -> None:
        """Move the bar."""
        moment = time.monotonic()
        first, origin = self._start.setdefault((planned.cell.key, stage), (moment, done))
        note = stage + pace(done - origin, 0, moment - first, unit_of(stage))
        self._bars.update(self._tasks[planned.cell.key], completed=done, total=total, note=note)

    def ended(self, planned: PlannedCell, outcome: Outcome) -> None:
        """Show how a cell ended beside its bar, which stays."""
        if planned.cell.key in self._tasks:
            self._bars.update(self._tasks[planned.cell.key], note=outcome.status)
        if outcome.message:
            self._bars.console.print(
                f"{planned.cell.folder}: {outcome.status}: {outcome.message}", markup=False, highlight=False
            )


class FileProgress:
    """Progress of a preparation: one line that is rewritten on a terminal, a line every ten seconds otherwise."""

    def __init__(self, name: str, every: float = 10.0) -> None:
        print(f"preparing {name}", flush=True)
        self.name, self.every = name, every
        self.start = self.last = time.monotonic()
        self.first: int | None = None

    def __call__(self, done: int, total: int) -> None:
        """Show how many files are done, but not too often."""
        now = time.monotonic()
        if self.first is None:
            self.first = done - 1
        if now - self.last < (0.2 if sys.stderr.isatty() else self.every) and done < total:
            return
        self.last = now
        rate = (done - self.first) / max(now - self.start, 1e-6)
        left = duration((total - done) / max(rate, 1e-6))
        text = f"{self.name}: {done}/{total} files, {rate:.1f} a second, {left} left"
        end = "\n" if done == total or not sys.stderr.isatty() else ""
        print(f"\r{text:79}" if sys.stderr.isatty() else text, end=end, file=sys.stderr, flush=True)


def unit_of(stage: str) -> str:
    """What a stage counts."""
    return "steps" if stage == "train" else "clips"


def pace(done: float, left: float, seconds: float, unit: str) -> str:
    """Rate and, where something is left, the time it will take: ", 3.1 clips/min, 20 s left"."""
    if done <= 0 or seconds <= 1:
        return ""
    text = f", {60 * done / seconds:.1f} {unit}/min"
    return text + (f", {duration(left * seconds / done)} left" if left > 0 else "")


def counted(items: Iterable[T], total: int, what: str, every: float = 10.0) -> Iterator[T]:
    """Pass items on and say on standard error how many went by, with rate and remaining time."""
    with metered(what, every) as tell:
        for number, item in enumerate(items, 1):
            yield item
            tell(number, total)


@contextlib.contextmanager
def metered(what: str, every: float = 10.0) -> Iterator[Callable[[float, float], None]]:
    """A callback that takes (done, total) and shows it on standard error, with rate and remaining time."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task(what, total=None)
            yield lambda done, total: bars.update(task, completed=done, total=total)
        return
    start = last = time.monotonic()

    def tell(done: float, total: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > every and 0 < done < total:
            left = duration((total - done) * (now - start) / done)
            shown = f"{done:.10g}" if done == int(done) else f"{done:.2f}"
            print(
                f"{what} {shown}/{total:.10g}, {60 * done / (now - start):.1f} a minute, {left} left", file=sys.stderr
            )
            last = now

    yield tell


def watcher() -> Display:
    """Return the display that suits standard output: bars on a terminal and in a notebook that can redraw them."""
    return BarProgress() if sys.stdout.isatty() or _notebook_with_widgets() else PlainProgress()


def _notebook_with_widgets() -> bool:
    """Whether this is a Jupyter notebook with ipywidgets, which bars need there; without it lines are shown."""
    if "IPython" not in sys.modules or importlib.util.find_spec("ipywidgets") is None:
        return False
    from rich.console import Console

    return Console().is_jupyter


if TYPE_CHECKING:
    _display: Listener = Display()
