"""Locks of the results folder: kernel locks (flock), which end with the process that holds them, however it ends.

A lock is never stale on one machine: the lock file may stay behind, the lock does not. On a shared file system a lock
is as reliable as the flock of that file system; see docs/engines.md.
`filelock` is not used: 3.13 and 3.20 empty the file that names the holder; 4.3 too creates the file that it probes.
"""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING

from hsbench.errors import LockedError

if TYPE_CHECKING:
    from pathlib import Path


def take(descriptor: int, path: Path, patience: float) -> None:
    """Lock an open file; the lock ends when the file is closed.

    Args:
        descriptor: file descriptor of the lock file, open for writing.
        path: path of the lock file, whose text names the process that holds the lock.
        patience: seconds to wait for another process to release the lock; math.inf waits for as long as it takes.

    Raises:
        LockedError: another process still holds the lock when the time is over.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise LockedError(
                    f"{path.parent} is being written by {_holder(path)}; wait until that process ends, or stop it."
                ) from None
            time.sleep(0.05)
        else:
            return


def held(path: Path) -> bool:
    """Return whether some process holds the lock of a lock file now, without writing anything.

    The probe asks for a shared lock and closes the file at once. A shared lock is refused while a process holds the
    exclusive lock of `take`, and never refused because of another probe.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # does not wait if a pipe lies there
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _holder(path: Path) -> str:
    """Return the text of a lock file: host, process number and time of the holder, as JSON."""
    return path.read_text(encoding="utf-8", errors="replace") or "an unknown process"
