"""Models that are files which other software or another run wrote: their content is part of a cell's key."""

from __future__ import annotations

from hsbench.errors import DataError


def require_unchanged(path: str, planned: str, now: str) -> None:
    """Check that a file or folder still has the content with which its cell was planned.

    Args:
        path: the file or folder, for the message.
        planned: SHA-256 of its content when the cell was planned, hexadecimal.
        now: SHA-256 of its content now.

    Raises:
        DataError: the content has changed, so the cell's key is not that of the file.
    """
    if now != planned:
        raise DataError(
            f"{path} has content {now[:12]} and this cell was planned for {planned[:12]}; plan the run again."
        )
