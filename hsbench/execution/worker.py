"""One cell in a process of its own: `python -m hsbench.execution.worker FOLDER --job JOB.json`.

An exception, a crash or a hang here leaves a status and a log and touches nothing else. Standard output carries
events, one JSON object a line: {"event": "progress", "stage", "done", "total"} and, last, {"event": "end", "status",
"message"}. What a model prints goes to standard error. With --attached, the process ends when its standard input
closes, that is, when the process that started it is gone. Under torchrun, every process after the first only helps
to train.
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
    """The event stream; owns the original standard output, which it swaps for standard error."""

    def __init__(self) -> None:
        sys.stdout.flush()
        self._stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self._last = 0.0

    def progress(self, stage: str, done: float, total: int) -> None:
        """Say how many clips are done, at most four times a second."""
        moment = time.monotonic()
        if moment - self._last > 0.25 or done >= total:
            self._last = moment
            self._send(event="progress", stage=stage, done=round(done, 4), total=total)

    def end(self, status: str, message: str) -> None:
        """Say how it ended."""
        self._send(event="end", status=status, message=message)

    def _send(self, **event: Any) -> None:
        self._stream.write(json.dumps(event) + "\n")
        self._stream.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one job; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m hsbench.execution.worker", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--job", type=Path, required=True)
    parser.add_argument("--attached", action="store_true")
    options = parser.parse_args(arguments)
    faulthandler.enable()
    if options.attached:
        threading.Thread(target=_follow_parent, daemon=True).start()
    signal.signal(signal.SIGTERM, _interrupt)
    if not team.first():
        return _assist(options.folder, options.job)
    events = Events()
    status, message, code = _attempt(options.folder, options.job, events)
    events.end(status, message)
    return code


def _attempt(path: Path, job: Path, events: Events) -> tuple[str, str, int]:
    """Work under the lock; gives status, message and exit code, and writes the status where the disk allows."""
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


def _assist(path: Path, job: Path) -> int:
    """Help the first process of a team to train; it does all the rest, and says how the cell ended."""
    told = _read(job)
    from hsbench.execution.task import Task
    from hsbench.execution.work import assist

    assist(Task.open(told, CellFolder(path), Results(path.parent), lambda _stage, _done, _total: None))
    return 0


def _work(folder: CellFolder, path: Path, events: Events) -> None:
    job = _read(path)
    from hsbench.execution.task import Task
    from hsbench.execution.work import complete

    print(f"{now()} {' '.join(job.command)}", flush=True)
    events.progress("start", 0, len(job.clips))
    complete(Task.open(job, folder, Results(folder.path.parent), events.progress))


def _read(path: Path) -> Job:
    """Read the job file, and register the plug-ins that it names before anything looks a name up."""
    job = Job.read(path)
    for file in job.imports:
        registry.import_file(Path(file))
    return job


def _verdict(error: BaseException, path: Path) -> tuple[str, str, int]:
    """Status, one sentence and exit code for what ended the work."""
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
    try:
        folder.set_status(end[0], end[1])
    except OSError as error:
        print(f"the status could not be written: {error}", file=sys.stderr)


def _follow_parent() -> None:
    """End this process, cleanly or not, when the process that started it is gone."""
    while os.read(0, 4096):
        pass
    os._exit(130)


def _interrupt(number: int, frame: object) -> None:
    del number, frame
    raise KeyboardInterrupt


if __name__ == "__main__":
    team.leave(main())
