"""The folder of a report: which folders are accepted, how files are written, and which files are removed again."""

from __future__ import annotations

import os
import shutil
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from hsbench.errors import UsageError
from hsbench.files import read_json, replace_atomically, write_json

if TYPE_CHECKING:
    from pathlib import Path

MARKER = "hsbench-report.json"
"""File that marks a folder as a report and lists its files, so that the next report can remove files of this one."""

SCHEMA = 1
ASSETS = ("style.css", "report.js", "deck.js")


class Site:
    """A report that is being written. Each file is replaced atomically; a file that has the content already is kept."""

    def __init__(self, root: Path) -> None:
        """Accept a folder that is new, empty, or an earlier report.

        Args:
            root: the folder to write into.

        Raises:
            UsageError: the folder holds something else.
        """
        self.root = root
        self._before: list[str] = _listed(root)
        self._written: set[str] = set()
        root.mkdir(parents=True, exist_ok=True)
        if not (root / MARKER).exists():
            write_json(root / MARKER, {"schema": SCHEMA, "files": []})
        for name in ASSETS:
            self.write(f"assets/{name}", (files("hsbench.report.html") / "assets" / name).read_bytes())

    def write(self, place: str, content: str | bytes) -> None:
        """Write a page or another file.

        Args:
            place: path below the folder.
            content: text (written as UTF-8) or bytes.
        """
        data = content.encode() if isinstance(content, str) else content
        path = self.root / place
        self._written.add(place)
        if not path.exists() or path.read_bytes() != data:
            replace_atomically(path, data)

    def has(self, place: str) -> bool:
        """Return whether a file named by its content exists already; if so, it becomes a part of this report."""
        if (self.root / place).exists():
            self._written.add(place)
            return True
        return False

    def take(self, place: str, source: Path) -> None:
        """Add a file that is named by its content, as a hard link, or as a copy where links are impossible.

        Args:
            place: path below the folder.
            source: the file to add.
        """
        if self.has(place):
            return
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        temporary.unlink(missing_ok=True)
        try:
            temporary.hardlink_to(source)
        except OSError:
            shutil.copyfile(source, temporary)
        temporary.replace(path)
        self._written.add(place)

    def finish(self) -> int:
        """Remove the files of an earlier report that this one does not have; return the size of the report in bytes."""
        for place in set(self._before) - self._written:
            path = self.root / place
            if path.resolve().is_relative_to(self.root.resolve()):
                path.unlink(missing_ok=True)
        write_json(self.root / MARKER, {"schema": SCHEMA, "files": sorted(self._written)})
        return sum((self.root / place).stat().st_size for place in self._written)


def _listed(root: Path) -> list[str]:
    """Return the paths of the files that an earlier report wrote.

    Raises:
        UsageError: the path is a file, or a folder that holds files and is no report.
    """
    if root.exists() and not root.is_dir():
        raise UsageError(f"--output expects a folder for the HTML report, and {root} is a file; name another path.")
    if not root.exists() or not any(root.iterdir()):
        return []
    marker: Any = read_json(root / MARKER) if (root / MARKER).exists() else None
    if not isinstance(marker, dict) or marker.get("schema") != SCHEMA or not isinstance(marker.get("files"), list):
        raise UsageError(
            f"--output expects a new or empty folder or an HTML report of this version, and {root} holds other files; "
            "name another folder."
        )
    return [str(place) for place in marker["files"]]
