"""Locks of the results folder: the kernel's own, which end with the process that holds them, however it ends.

A lock is never stale on one machine: the file may be left behind, the lock is not. On a shared file system it is as
good as that system's flock; see docs/engines.md.
"""

from __future__ import annotations

import fcntl
import time
from typing import TYPE_CHECKING

from hsbench.errors import LockedError

if TYPE_CHECKING:
    from pathlib import Path


def take(descriptor: int, path: Path, patience: float) -> None:
    """Lock an open file; closing it lets go.

    Args:
        descriptor: of the file, open for writing.
        path: of the file, which says who holds it.
        patience: seconds to wait for a process that is about to end.

    Raises:
        LockedError: another process holds it.
    """
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise LockedError(
                    f"{path.parent} is being written by {_said(path)}; wait for it to end, or end it."
                ) from None
            time.sleep(0.05)
        else:
            return


def held(path: Path) -> bool:
    """Whether some process holds the lock of that file now; nothing is written."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _said(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") or "an unknown process"
