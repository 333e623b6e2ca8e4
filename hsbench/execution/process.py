"""The worker process of one cell: every engine starts it and reads its events with the class `CellProcess`.

The process is started by a command, or forked by a server that has imported what it needs (hsbench.execution.warm).

No code of a model runs in the parent process. When the worker process ends without writing its own status (after a
segmentation fault, the kernel's out-of-memory killer, or a timeout), the parent writes the status. When the parent
ends for any reason, the pipe to the worker's standard input closes, and the worker process ends too.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hsbench.errors import storage_error
from hsbench.planning.job import command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import BinaryIO, TypeAlias

    from hsbench.execution.warm import ForkedProcess
    from hsbench.results.cell_folder import CellFolder
    from hsbench.spec import Resources

    OnProgress = Callable[[str, float, int], None]
    Process: TypeAlias = subprocess.Popen[str] | ForkedProcess
    Start: TypeAlias = Callable[[CellFolder, BinaryIO], Process]


SPIN = {"GOMP_SPINCOUNT": "20000"}
"""Environment variable that limits how long an idle OpenMP thread spins before it sleeps, here to about 0.1 ms.

The library's default is fifteen times as long. With the default, a cell takes two to four times as long beside other
busy programs (see speed/NOTES.md)."""
MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(256 << 20)}
"""Environment variables with which glibc keeps freed memory for the next allocation instead of returning it.

A training step allocates and frees the same arrays of some 100 kB again and again. By default each of them is mapped
anew, or the top of the heap is returned and grown again, and the kernel clears every page of it: 2600 page faults a
step of patch-inr, which took half of its time (see speed/NOTES.md)."""
GRACE_SECONDS = 10.0
"""Seconds between SIGTERM and SIGKILL, in which a process writes its status."""


def environment_of(resources: Resources, added: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Return the environment of a worker process, with the number of threads for every numerical library.

    Args:
        resources: number of threads.
        added: environment variables in addition to those of this process.
    """
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(resources.threads))
    return {**SPIN, **MALLOC, **os.environ, **added, **threads}


class Command:
    """Starts worker processes by the command `python -m hsbench.execution.worker`.

    Args:
        resources: threads and processes of the cell.
        added: environment variables of the process, in addition to those of this one.
    """

    def __init__(self, resources: Resources, added: Mapping[str, str] = MappingProxyType({})) -> None:
        self.resources, self.added = resources, added

    def __call__(self, folder: CellFolder, log: BinaryIO) -> subprocess.Popen[str]:
        """Start the worker process of a cell.

        Args:
            folder: folder of the cell, whose job file is written.
            log: open file that becomes the standard error of the process.
        """
        return subprocess.Popen(
            [*command(folder.path, folder.job, self.resources.processes), "--attached"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment_of(self.resources, self.added),
            text=True,
            start_new_session=True,
        )


@dataclass(frozen=True)
class Outcome:
    """How the worker process of a cell ended.

    Attributes:
        status: "done", "failed", "timeout", "crashed", "unavailable", "interrupted" or "locked".
        message: one sentence with the reason; empty for "done".
    """

    status: str
    message: str = ""


class CellProcess:
    """The worker process of a cell whose job file is written.

    Args:
        folder: folder of the cell.
        resources: threads, processes and time limit of the cell.
        on_progress: called with (stage, done, total) during the work.
        start: starts the process, with its folder and its open log; None to start it by a command.
    """

    def __init__(
        self, folder: CellFolder, resources: Resources, on_progress: OnProgress, start: Start | None = None
    ) -> None:
        self.folder, self.resources, self.on_progress = folder, resources, on_progress
        self._start = start or Command(resources)
        self._process: Process | None = None
        self._timed_out, self._stopped = threading.Event(), threading.Event()
        self._lock = threading.Lock()

    def run(self) -> Outcome:
        """Start the process, pass on its progress until it ends, and return how it ended."""
        try:
            return self._run()
        except OSError as error:
            return Outcome("failed", str(storage_error(error, self.folder.path) or error))
        except BaseException:
            self.stop()
            raise

    def terminate(self) -> None:
        """Send SIGTERM, or keep the process from starting. Only the first call has an effect.

        A second signal could interrupt the process while it writes its status.
        """
        with self._lock:
            if self._stopped.is_set():
                return
            self._stopped.set()
            if self._process is not None:
                with contextlib.suppress(ProcessLookupError):
                    self._process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Send SIGTERM, wait until the process ends, and kill it after GRACE_SECONDS."""
        self.terminate()
        if self._process is not None:
            try:
                self._process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()

    def _run(self) -> Outcome:
        """Start the process, read its events until it ends, and return the outcome."""
        with self._lock, self.folder.log.open("ab") as log:
            if self._stopped.is_set():
                return Outcome("interrupted")
            self._process = process = self._start(self.folder, log)
        timer = threading.Timer(self.resources.timeout or 0, self._expire)
        if self.resources.timeout is not None:
            timer.start()
        end: dict[str, Any] = {}
        with process:
            for event in _events(process):
                if event["event"] == "progress":
                    self.on_progress(event["stage"], event["done"], event["total"])
                else:
                    end = event
        timer.cancel()
        return self._outcome(process.returncode, end)

    def _expire(self) -> None:
        """Kill the process after its time limit."""
        assert self._process is not None
        self._timed_out.set()
        self._process.kill()

    def _outcome(self, code: int | None, end: dict[str, Any]) -> Outcome:
        """Return the outcome of a process that has ended; where the process did not write its status, write it.

        Args:
            code: exit code of the process; negative after a signal, None where its server died before it.
            end: last event of the process, with its status and message; empty if there was none.
        """
        timed_out = self._timed_out.is_set()
        stopped = self._stopped.is_set()
        # When one of several processes fails, torchrun sends SIGTERM to the others, and the first one then reports an
        # interrupt that no user asked for.
        ended_by_torchrun = self.resources.processes > 1 and not stopped and end.get("status") == "interrupted"
        if end and not timed_out and not ended_by_torchrun:
            return Outcome(end["status"], end["message"])
        if stopped:
            return Outcome("interrupted")
        if ended_by_torchrun:
            outcome = Outcome(
                "failed", f"another process that trains this cell ended early; see {self.folder.log}, and run again"
            )
        elif timed_out:
            outcome = Outcome(
                "timeout",
                f"stopped after {self.resources.timeout:g} s; set a longer --timeout and run again",
            )
        else:
            outcome = Outcome(
                "crashed", f"the process ended {_how(code)}without reporting a status; see {self.folder.log}"
            )
        write_status(self.folder, outcome)
        return outcome


def _how(code: int | None) -> str:
    """Return how a process ended, as words that end with a space; nothing where the exit code is not known."""
    if code is None:
        return ""
    return f"by {signal.Signals(-code).name} " if code < 0 else f"with exit code {code} "


def write_status(folder: CellFolder, outcome: Outcome) -> None:
    """Write the status of a cell whose process did not write it; an error of the disk is ignored.

    Args:
        folder: folder of the cell.
        outcome: how the cell ended.
    """
    with contextlib.suppress(OSError):
        folder.set_status(outcome.status, outcome.message)


def _events(process: Process) -> Iterator[dict[str, Any]]:
    """Yield the events that a process writes to its standard output; other lines are ignored."""
    assert process.stdout is not None
    for line in process.stdout:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "event" in event:
            yield event
