"""The local engine: every cell a process of its own, a few at a time.

The engine knows commands, events and exit codes; it imports no model. A process that dies without a word (a
segmentation fault, the kernel's out-of-memory killer, a hang past the timeout) leaves a status written from here, and
the others go on.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from hsbench.errors import StorageError, storage_error
from hsbench.run.job import command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.run.plan import Work
    from hsbench.run.store import CellFolder, Results
    from hsbench.spec import Resources


SPIN = {"GOMP_SPINCOUNT": "20000"}
"""OpenMP threads that wait for work spin for some 0.1 ms before they sleep; with the library's own figure, fifteen
times that, a cell beside other busy programs takes two to four times as long (see speed/NOTES.md)."""


class Listener(Protocol):
    """What watches a run."""

    def started(self, work: Work) -> None:
        """A cell's process runs."""

    def progressed(self, work: Work, stage: str, done: float, total: int) -> None:
        """So many of its clips are done; a fraction while a group is being fitted."""

    def ended(self, work: Work, outcome: Outcome) -> None:
        """It is over."""


@dataclass(frozen=True)
class Outcome:
    """How a cell ended: done, failed, timeout, crashed, unavailable, interrupted or locked, and one sentence."""

    status: str
    message: str = ""


class LocalEngine:
    """Runs the processes of a plan on this machine."""

    def __init__(self, results: Results, resources: Resources, listener: Listener) -> None:
        self.results, self.resources, self.listener = results, resources, listener
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._stopped = threading.Event()

    def run(self, works: Sequence[Work], imports: Sequence[str] = (), asked: Sequence[str] = ()) -> list[Outcome]:
        """Run each work to its end; the outcomes in the same order.

        Args:
            works: cells with missing work.
            imports: Python files that register plug-ins.
            asked: the command line, for provenance.

        Raises:
            KeyboardInterrupt: after every process was told and has ended.
        """
        with ThreadPoolExecutor(self.resources.jobs) as pool:
            futures = [pool.submit(self._one, work, imports, asked) for work in works]
            try:
                return [future.result() for future in futures]
            except BaseException:
                self._stop()
                raise

    def _one(self, work: Work, imports: Sequence[str], asked: Sequence[str]) -> Outcome:
        if self._stopped.is_set():
            return Outcome("interrupted")
        folder = self.results.cell(work.cell)
        try:
            work.job(self.resources, imports, asked).write(folder.job)
            outcome = self._watch(work, folder)
        except OSError as error:
            outcome = Outcome("failed", str(storage_error(error, folder.path) or error))
        self.listener.ended(work, outcome)
        return outcome

    def _watch(self, work: Work, folder: CellFolder) -> Outcome:
        """Start the process, follow its events, and say how it ended."""
        late = threading.Event()
        with folder.log.open("ab") as log:
            process = subprocess.Popen(
                [*command(folder.path, folder.job, self.resources.processes), "--attached"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._environment(),
                text=True,
                start_new_session=True,
            )
        self._running[work.cell.key] = process
        self.listener.started(work)
        timer = threading.Timer(self.resources.timeout or 0, _kill, (process, late))
        if self.resources.timeout is not None:
            timer.start()
        end: dict[str, Any] = {}
        with process:
            for event in _events(process):
                if event["event"] == "progress":
                    self.listener.progressed(work, event["stage"], event["done"], event["total"])
                else:
                    end = event
        timer.cancel()
        del self._running[work.cell.key]
        return self._outcome(folder, process.returncode, end, late=late.is_set())

    def _environment(self) -> dict[str, str]:
        """The child's environment: as many threads as it was given, in every numerical library."""
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), self.resources.threads)
        return {**SPIN, **os.environ, **{name: str(count) for name, count in threads.items()}}

    def _outcome(self, folder: CellFolder, code: int, end: dict[str, Any], *, late: bool) -> Outcome:
        if end and not late:
            return Outcome(end["status"], end["message"])
        if self._stopped.is_set():
            return Outcome("interrupted")
        if late:
            outcome = Outcome(
                "timeout",
                f"stopped after {self.resources.timeout:g} s; give more with --timeout and run again",
            )
        else:
            how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
            outcome = Outcome("crashed", f"the process ended {how} without a word; see {folder.log}")
        with contextlib.suppress(OSError, StorageError):
            folder.set_status(outcome.status, outcome.message)
        return outcome

    def _stop(self, patience: float = 10.0) -> None:
        """Ask every process to end, and end those that do not."""
        self._stopped.set()
        running = list(self._running.values())
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        for process in running:
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                process.kill()


def _kill(process: subprocess.Popen[str], late: threading.Event) -> None:
    late.set()
    process.kill()


def _events(process: subprocess.Popen[str]) -> Any:
    """The event lines of a process; anything else on that stream is passed over."""
    assert process.stdout is not None
    for line in process.stdout:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "event" in event:
            yield event
