"""Paths inside a results folder, which may come from anybody: none leads out of it, and none blocks its reader."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from hsbench.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


def inside(path: Path, root: Path) -> Path:
    """Return a path unchanged if it can be read and written as a part of a folder.

    Hard links are ordinary files: the file system does not say which of its names a file had first.

    Args:
        path: path of a file or folder below `root`, existing or not.
        root: the results folder; it may be a symbolic link itself.

    Raises:
        DataError: a symbolic link leads out of the folder, a file is in place of a folder above the path, or the path
            is a pipe, a socket or a device.
    """
    if not os.path.realpath(path).startswith(os.path.realpath(root).rstrip("/") + "/"):
        raise DataError(
            f"{path} leads out of {root} by a symbolic link, and a results folder is read without what is outside; "
            "replace the link by the files themselves."
        )
    try:
        mode = path.stat().st_mode
    except NotADirectoryError as error:
        raise DataError(f"{path.parent} should be a folder and is a file; remove it, or choose another one.") from error
    except OSError:  # there is no such file, which its reader deals with
        return path
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise DataError(f"{path} should be a file and is a pipe, a socket or a device; remove it.")
    return path
