"""Progress displays of a run: bars with rate and remaining time on a terminal, plain lines otherwise."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import threading
import time
from typing import TYPE_CHECKING, Self

from hsbench.planning.text import duration, quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from rich.progress import TaskID

    from hsbench.execution.engines.base import Listener
    from hsbench.execution.process import Outcome
    from hsbench.planning.plan import PlannedCell


class Display:
    """Base class of progress displays, which itself shows nothing; a context manager that is open during the run.

    Attributes:
        silent: whether the display shows nothing.
    """

    silent = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def started(self, planned: PlannedCell) -> None:
        """Show that the worker process of a cell has started."""

    def progressed(self, planned: PlannedCell, stage: str, done: float, total: int) -> None:
        """Show how much of a cell is done."""

    def ended(self, planned: PlannedCell, outcome: Outcome) -> None:
        """Show how a cell ended."""

    def noted(self, sentence: str) -> None:
        """Show an event of the run that belongs to no single cell."""


class PlainProgress(Display):
    """Prints a line when a cell starts, repeatedly while it runs, and when it ends.

    Args:
        every: minimum time between two lines about the same running cell [s].
    """

    silent = False

    def __init__(self, every: float = 10.0) -> None:
        self.every = every
        self._lock = threading.Lock()
        self._start: dict[tuple[str, str], tuple[float, float]] = {}
        self._last: dict[str, float] = {}

    def started(self, planned: PlannedCell) -> None:
        """Print that the worker process of a cell has started."""
        self._print(f"{planned.label}: started")

    def progressed(self, planned: PlannedCell, stage: str, done: float, total: int) -> None:
        """Print how much of a cell is done, unless the last line about it was printed too recently."""
        name, moment = planned.label, time.monotonic()
        first, origin = self._start.setdefault((name, stage), (moment, done))
        if moment - self._last.setdefault(name, moment) < self.every:
            return
        self._last[name] = moment
        unit = unit_of(stage)
        shown = f"{done:.0f}" if unit == "step" else f"{done:.2f}"
        rate = pace(done - origin, total - done, moment - first, unit)
        self._print(f"{name}: {stage} {shown}/{quantity(total, unit)}{rate}")

    def ended(self, planned: PlannedCell, outcome: Outcome) -> None:
        """Print how a cell ended."""
        self._print(f"{planned.label}: {outcome.status}" + (f": {outcome.message}" if outcome.message else ""))

    def noted(self, sentence: str) -> None:
        """Print the sentence."""
        self._print(sentence)

    def _print(self, line: str) -> None:
        with self._lock:
            print(line, flush=True)


class BarProgress(Display):
    """Shows one progress bar for each running cell, with the help of the package rich."""

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
        """Add a bar for a cell whose worker process has started."""
        self._tasks[planned.cell.key] = self._bars.add_task(planned.label, total=len(planned.clips), note="starting")

    def progressed(self, planned: PlannedCell, stage: str, done: float, total: int) -> None:
        """Update the bar of a cell."""
        moment = time.monotonic()
        first, origin = self._start.setdefault((planned.cell.key, stage), (moment, done))
        note = stage + pace(done - origin, 0, moment - first, unit_of(stage))
        self._bars.update(self._tasks[planned.cell.key], completed=done, total=total, note=note)

    def ended(self, planned: PlannedCell, outcome: Outcome) -> None:
        """Show beside its bar how a cell ended; the bar stays visible."""
        if planned.cell.key in self._tasks:
            self._bars.update(self._tasks[planned.cell.key], note=outcome.status)
        if outcome.message:
            self._bars.console.print(
                f"{planned.label}: {outcome.status}: {outcome.message}", markup=False, highlight=False
            )

    def noted(self, sentence: str) -> None:
        """Print the sentence above the bars."""
        self._bars.console.print(sentence, markup=False, highlight=False)


class FileProgress:
    """Shows the progress of preparing a corpus on standard error; on a terminal, one line is rewritten.

    Args:
        name: name of the corpus.
        every: minimum time between two lines where standard error is not a terminal [s].
    """

    def __init__(self, name: str, every: float = 10.0) -> None:
        print(f"preparing {name}", flush=True)
        self.name, self.every = name, every
        self.start = self.last = time.monotonic()
        self.first: int | None = None

    def __call__(self, done: int, total: int) -> None:
        """Show how many files are done, unless the last line was printed too recently.

        Args:
            done: number of finished files.
            total: number of all files.
        """
        now = time.monotonic()
        if self.first is None:
            self.first = done - 1  # files that an earlier, interrupted preparation finished
        if now - self.last < (0.2 if sys.stderr.isatty() else self.every) and done < total:
            return
        self.last = now
        rate = (done - self.first) / max(now - self.start, 1e-6)
        left = duration((total - done) / max(rate, 1e-6))
        text = f"{self.name}: {done}/{quantity(total, 'file')}, {rate:.1f} files/s, {left} left"
        end = "\n" if done == total or not sys.stderr.isatty() else ""
        print(f"\r{text:79}" if sys.stderr.isatty() else text, end=end, file=sys.stderr, flush=True)


def unit_of(stage: str) -> str:
    """Return the unit, in the singular, in which the progress of a stage is counted."""
    return "step" if stage in ("train", "compile") else "clip"


def pace(done: float, left: float, seconds: float, unit: str) -> str:
    """Return the rate and the remaining time as text, such as ", 3.1 clips/min, 20 s left".

    Args:
        done: number of units finished since the measurement began.
        left: number of units that are still to do; 0 omits the remaining time.
        seconds: time since the measurement began [s].
        unit: name of a unit in the singular.
    """
    if done <= 0 or seconds <= 1:
        return ""
    text = f", {60 * done / seconds:.1f} {unit}s/min"
    return text + (f", {duration(left * seconds / done)} left" if left > 0 else "")


@contextlib.contextmanager
def metered(what: str, every: float = 10.0) -> Iterator[Callable[[float, float], None]]:
    """Yield a function that takes (done, total) and shows them on standard error, with rate and remaining time.

    Args:
        what: text before the numbers, such as "scored".
        every: minimum time between two lines where standard error is not a terminal [s].
    """
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task(what, total=None)
            yield lambda done, total: bars.update(task, completed=done, total=total)
        return
    start = last = time.monotonic()

    def show(done: float, total: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > every and 0 < done < total:
            left = duration((total - done) * (now - start) / done)
            shown = f"{done:.10g}" if done == int(done) else f"{done:.2f}"
            print(
                f"{what} {shown}/{total:.10g}, {60 * done / (now - start):.1f} per minute, {left} left", file=sys.stderr
            )
            last = now

    yield show


def watcher() -> Display:
    """Return a display for standard output: bars on a terminal or in a notebook with ipywidgets, else plain lines."""
    return BarProgress() if sys.stdout.isatty() or _notebook_with_widgets() else PlainProgress()


def _notebook_with_widgets() -> bool:
    """Return whether this is a Jupyter notebook with ipywidgets, which bars need there."""
    if "IPython" not in sys.modules or importlib.util.find_spec("ipywidgets") is None:
        return False
    from rich.console import Console

    return Console().is_jupyter


if TYPE_CHECKING:
    _display: Listener = Display()
