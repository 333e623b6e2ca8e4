"""The worker process of one cell: `python -m hsbench.execution.worker FOLDER --job JOB.json`.

An exception, a crash or a hang in this process affects no other cell; the cell's folder keeps its status and log.
Standard output carries events, one JSON object per line: {"event": "progress", "stage", "done", "total"} and, as the
last line, {"event": "end", "status", "message"}. Text that a model prints goes to standard error. With --attached, the
process ends when its standard input closes, which happens when the process that started it ends. Under torchrun, every
process after the first only takes part in the training.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench import registry
from hsbench.errors import BackendMissingError, HsbenchError, LockedError, StorageError, storage_error
from hsbench.execution import team
from hsbench.planning.job import Job
from hsbench.results.cell_folder import CellFolder, now
from hsbench.results.store import Results

if TYPE_CHECKING:
    from collections.abc import Sequence


class Events:
    """Writes events to the original standard output; everything else that is printed goes to standard error."""

    def __init__(self) -> None:
        sys.stdout.flush()
        self._stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self._last = 0.0

    def progress(self, stage: str, done: float, total: int) -> None:
        """Write a progress event, at most four times per second.

        Args:
            stage: "start", "compile" (the first step of each kind), "train" (counted in training steps), "fit" or
                "score" (counted in clips).
            done: number of finished steps or clips.
            total: number of all steps or clips of the stage.
        """
        moment = time.monotonic()
        if moment - self._last > 0.25 or done >= total:
            self._last = moment
            self._send(event="progress", stage=stage, done=round(done, 4), total=total)

    def end(self, status: str, message: str) -> None:
        """Write the last event.

        Args:
            status: how the cell ended.
            message: one sentence with the reason; empty for "done".
        """
        self._send(event="end", status=status, message=message)

    def _send(self, **event: Any) -> None:
        self._stream.write(json.dumps(event) + "\n")
        self._stream.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one job and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m hsbench.execution.worker", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of the cell")
    parser.add_argument("--job", type=Path, required=True, help="job file, as hsbench plan --format json prints it")
    parser.add_argument("--attached", action="store_true", help="end when standard input closes")
    options = parser.parse_args(arguments)
    faulthandler.enable()
    if options.attached:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGTERM, _interrupt)
    if not team.first():
        return _train_only(options.folder, options.job)
    events = Events()
    status, message, code = _attempt(options.folder, options.job, events)
    events.end(status, message)
    return code


def _attempt(path: Path, job: Path, events: Events) -> tuple[str, str, int]:
    """Do the work of the job while the cell's folder is locked; return status, message and exit code.

    The status is also written to the folder, where the disk permits it.
    """
    folder = CellFolder(path)
    try:
        with folder.locked():
            try:
                _work(folder, job, events)
                end = ("done", "", 0)
            except BaseException as error:  # noqa: BLE001  the cell boundary: exceptions become data
                end = _verdict(error, path)
            _keep_status(folder, end)
    except LockedError as error:
        return "locked", str(error), error.exit_code
    except OSError as error:
        return _verdict(error, path)
    return end


def _train_only(path: Path, job_path: Path) -> int:
    """Take part in the training of a cell as one of the processes after the first; return the exit code."""
    job = _read(job_path)
    from hsbench.execution.task import Task
    from hsbench.execution.work import assist

    assist(Task.open(job, CellFolder(path), Results(path.parent), lambda _stage, _done, _total: None))
    return 0


def _work(folder: CellFolder, path: Path, events: Events) -> None:
    """Compute everything that the job file asks for and that is missing in the cell's folder."""
    job = _read(path)
    from hsbench.execution.task import Task
    from hsbench.execution.work import complete

    print(f"{now()} {' '.join(job.command)}", flush=True)
    events.progress("start", 0, len(job.clips))
    complete(Task.open(job, folder, Results(folder.path.parent), events.progress))


def _read(path: Path) -> Job:
    """Read the job file and import its plug-in files, so that the names in the job are registered."""
    job = Job.read(path)
    for file in job.imports:
        registry.import_file(Path(file))
    return job


def _verdict(error: BaseException, path: Path) -> tuple[str, str, int]:
    """Return the status, the message and the exit code for the exception that ended the work."""
    if isinstance(error, OSError) and (storage := storage_error(error, path)) is not None:
        error = storage
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", "interrupted; run the same command again to go on", 130
    if isinstance(error, StorageError):
        return "failed", str(error), error.exit_code
    if isinstance(error, BackendMissingError):
        return "unavailable", str(error), error.exit_code
    traceback.print_exception(error)
    if isinstance(error, HsbenchError):
        return "failed", str(error), error.exit_code
    return "failed", f"{type(error).__name__}: {error}", 70


def _keep_status(folder: CellFolder, end: tuple[str, str, int]) -> None:
    """Write the status into the cell's folder; an error of the disk is only logged."""
    try:
        folder.set_status(end[0], end[1])
    except OSError as error:
        print(f"the status could not be written: {error}", file=sys.stderr)


def _end_with_parent() -> None:
    """End this process at once when standard input closes, that is, when the process that started it has ended."""
    while os.read(0, 4096):
        pass
    os._exit(130)


def _interrupt(number: int, frame: object) -> None:
    """Turn SIGTERM into a KeyboardInterrupt, so that the work ends as after Ctrl-C."""
    del number, frame
    raise KeyboardInterrupt


if __name__ == "__main__":
    team.leave(main())
