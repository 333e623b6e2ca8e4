"""One cell's process, started and followed: what every engine does for a cell, wherever it does it.

Nothing of a model is imported here. A process that dies without a word (a segmentation fault, the kernel's
out-of-memory killer, a hang past the timeout) leaves a status written from here. It is told to end when the process
that follows it is gone, however that went.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.errors import storage_error
from hsbench.planning.job import command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hsbench.results.cell_folder import CellFolder
    from hsbench.spec import Resources

    Tell = Callable[[str, float, int], None]


SPIN = {"GOMP_SPINCOUNT": "20000"}
"""OpenMP threads that wait for work spin for some 0.1 ms before they sleep; with the library's own figure, fifteen
times that, a cell beside other busy programs takes two to four times as long (see speed/NOTES.md)."""
PATIENCE = 10.0
"""Seconds that a process gets to write what it has before it is killed."""


@dataclass(frozen=True)
class Outcome:
    """How a cell ended: done, failed, timeout, crashed, unavailable, interrupted or locked, and one sentence."""

    status: str
    message: str = ""


class CellProcess:
    """The process of a cell whose job file is written.

    Args:
        folder: of the cell.
        resources: what it may use.
        tell: takes (stage, done, total) as the work goes on.
    """

    def __init__(self, folder: CellFolder, resources: Resources, tell: Tell) -> None:
        self.folder, self.resources, self.tell = folder, resources, tell
        self._process: subprocess.Popen[str] | None = None
        self._late, self._stopped = threading.Event(), threading.Event()
        self._lock = threading.Lock()

    def run(self) -> Outcome:
        """Start it, follow its events, and say how it ended."""
        try:
            return self._followed()
        except OSError as error:
            return Outcome("failed", str(storage_error(error, self.folder.path) or error))
        except BaseException:
            self.stop()
            raise

    def ask(self) -> None:
        """Ask it to end, once: a second signal would reach it while it writes its status."""
        with self._lock:
            if self._stopped.is_set():
                return
            self._stopped.set()
            if self._process is not None:
                with contextlib.suppress(ProcessLookupError):
                    self._process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Ask it to end, wait, and end it where it does not."""
        self.ask()
        if self._process is not None:
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()

    def _followed(self) -> Outcome:
        with self._lock, self.folder.log.open("ab") as log:
            if self._stopped.is_set():
                return Outcome("interrupted")
            self._process = process = subprocess.Popen(
                [*command(self.folder.path, self.folder.job, self.resources.processes), "--attached"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._environment(),
                text=True,
                start_new_session=True,
            )
        timer = threading.Timer(self.resources.timeout or 0, self._expire)
        if self.resources.timeout is not None:
            timer.start()
        end: dict[str, Any] = {}
        with process:
            for event in _events(process):
                if event["event"] == "progress":
                    self.tell(event["stage"], event["done"], event["total"])
                else:
                    end = event
        timer.cancel()
        return self._outcome(process.returncode, end)

    def _expire(self) -> None:
        assert self._process is not None
        self._late.set()
        self._process.kill()

    def _environment(self) -> dict[str, str]:
        """The child's environment: as many threads as it was given, in every numerical library."""
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), self.resources.threads)
        return {**SPIN, **os.environ, **{name: str(count) for name, count in threads.items()}}

    def _outcome(self, code: int, end: dict[str, Any]) -> Outcome:
        late = self._late.is_set()
        stopped = self._stopped.is_set()
        deserted = self.resources.processes > 1 and not stopped and end.get("status") == "interrupted"
        if end and not late and not deserted:
            return Outcome(end["status"], end["message"])
        if stopped:
            return Outcome("interrupted")
        if deserted:
            outcome = Outcome(
                "failed", f"another process of its team ended before it; see {self.folder.log}, and run again"
            )
        elif late:
            outcome = Outcome(
                "timeout",
                f"stopped after {self.resources.timeout:g} s; give more with --timeout and run again",
            )
        else:
            how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
            outcome = Outcome("crashed", f"the process ended {how} without a word; see {self.folder.log}")
        keep(self.folder, outcome)
        return outcome


def keep(folder: CellFolder, outcome: Outcome) -> None:
    """Write the status of a cell that could not write it itself, where the disk allows."""
    with contextlib.suppress(OSError):
        folder.set_status(outcome.status, outcome.message)


def _events(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    """The event lines of a process; anything else on that stream is passed over."""
    assert process.stdout is not None
    for line in process.stdout:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "event" in event:
            yield event
