"""What was found out about a file, remembered as long as the file does not change, so that it is read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Finding = TypeVar("Finding")
State = tuple[int, int, int]


class Remembered(Generic[Finding]):
    """A finding for each file, which holds while inode, size and time of the file stay the same."""

    def __init__(self) -> None:
        self._findings: dict[Path, tuple[State | None, Finding]] = {}

    def known(self, path: Path, find: Callable[[], Finding]) -> Finding:
        """Return the finding for a file, and find it out where it is not known or the file has changed.

        Args:
            path: the file, existing or not.
            find: reads the file, and should call `keep`.
        """
        if path in self._findings and self._findings[path][0] == state(path):
            return self._findings[path][1]
        return find()

    def keep(self, path: Path, before: State | None, finding: Finding) -> None:
        """Remember a finding.

        Args:
            path: the file.
            before: its state before it was read; if it was written to meanwhile, it is read again.
            finding: what was found out.
        """
        self._findings[path] = before, finding


def state(path: Path) -> State | None:
    """Return inode, size and time of a file in nanoseconds; None where there is none."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_ino, facts.st_size, facts.st_mtime_ns
