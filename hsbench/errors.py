"""The exceptions that hsbench raises on purpose; each carries the exit code of the command line.

Every message is one sentence or two: what was expected, what came, what to do.
"""

from __future__ import annotations

import difflib
import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class HsbenchError(Exception):
    """Base of all deliberate errors."""

    exit_code = 70


class UsageError(HsbenchError):
    """The request itself is wrong: an option, a setting, a file that is not what it claims to be."""

    exit_code = 2


class UnknownNameError(UsageError):
    """A name that no registry or table holds; suggests the nearest one."""

    def __init__(self, kind: str, name: str, known: Iterable[str], see: str | None = None) -> None:
        known = sorted(known)
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known) or 'none'}."
        super().__init__(f"unknown {kind} {name!r}{hint}" + (f" See: {see}" if see else ""))


class DataError(UsageError):
    """A file of a corpus, a baseline or a results folder does not hold what it should."""


class DriftError(HsbenchError):
    """A number is not what it was, or should be."""

    exit_code = 1


class IncompleteError(HsbenchError):
    """A required cell failed, or nothing was measured."""

    exit_code = 3


class LockedError(IncompleteError):
    """Another process is writing the same cell."""


class StorageError(IncompleteError):
    """The disk refused a write: full, read-only, not permitted."""


class BackendMissingError(HsbenchError):
    """A package or a device that the request needs is not there."""

    exit_code = 4


class InterruptedRunError(HsbenchError):
    """The user or the scheduler asked for an end."""

    exit_code = 130


_STORAGE = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file size limit is reached",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "writing there is not permitted",
    errno.EPERM: "writing there is not permitted",
    errno.ENOTDIR: "part of that path is a file, not a folder",
    errno.EEXIST: "a file is in the way of that folder",
    errno.EIO: "the device reports an input/output error",
    errno.ENOLCK: "its file system keeps no locks, which hold two runs apart",
    errno.ENOSYS: "its file system keeps no locks, which hold two runs apart",
    errno.EOPNOTSUPP: "its file system keeps no locks, which hold two runs apart",
}


def storage_error(error: OSError, where: object) -> StorageError | None:
    """The sentence for an operating-system error of a write, or None when it is of another kind.

    Args:
        error: as raised by open, write, fsync, mkdir or rename.
        where: the path to name when the error carries none.
    """
    reason = _STORAGE.get(error.errno or 0)
    if reason is None:
        return None
    path = error.filename or where
    return StorageError(
        f"cannot write {path}: {reason}. What was finished is kept; "
        "free space or choose another folder (--results, HSBENCH_CACHE), then run the same command again."
    )
