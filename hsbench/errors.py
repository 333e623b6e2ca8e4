"""Exceptions that hsbench raises deliberately; each class has the exit code of the command line.

Every message has one or two sentences: what was expected, what came instead, and what to do.
"""

from __future__ import annotations

import difflib
import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class HsbenchError(Exception):
    """Base class of all exceptions that hsbench raises deliberately."""

    exit_code = 70


class UsageError(HsbenchError):
    """The request is invalid: an option, a setting, or a file with unexpected content."""

    exit_code = 2


class UnknownNameError(UsageError):
    """A name is neither registered nor in the table where it was looked up; the message suggests the nearest name.

    Args:
        kind: noun for what was looked up, such as "model".
        name: name that is unknown.
        known: names that exist.
        see: command that lists the known names, or None.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], see: str | None = None) -> None:
        known = sorted(known)
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known) or 'none'}."
        super().__init__(f"unknown {kind} {name!r}{hint}" + (f" See: {see}" if see else ""))


class DataError(UsageError):
    """A file of a corpus, a baseline or a results folder has missing or malformed content."""


class DriftError(HsbenchError):
    """A number differs from its baseline, or from the value that it should have."""

    exit_code = 1


class IncompleteError(HsbenchError):
    """A required cell failed, or nothing was measured."""

    exit_code = 3


class LockedError(IncompleteError):
    """Another process is writing the same cell or the same prepared corpus."""


class StorageError(IncompleteError):
    """The file system refused a write, for example because the disk is full or read-only."""


class BackendMissingError(HsbenchError):
    """A package or a device that the request needs is missing."""

    exit_code = 4


class InterruptedRunError(HsbenchError):
    """The user or the scheduler interrupted the run.

    Args:
        message: one sentence, where it says more than that.
    """

    exit_code = 130

    def __init__(self, message: str = "interrupted; run the same command again to go on.") -> None:
        super().__init__(message)


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
    """Return a StorageError that explains why a write failed, or None if the error does not concern storage.

    Args:
        error: exception of open, write, fsync, mkdir or rename.
        where: path that the message names if the exception has none.
    """
    reason = _STORAGE.get(error.errno or 0)
    if reason is None:
        return None
    path = error.filename or where
    return StorageError(
        f"cannot write {path}: {reason}. What was finished is kept; "
        "free space or choose another folder (--results, HSBENCH_CACHE), then run the same command again."
    )
