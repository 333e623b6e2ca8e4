"""The folder of a report: what may be written there, what is written there, what is removed again."""

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
"""Names a folder as a report and lists its files, so that a rewriting can remove what it no longer needs."""

SCHEMA = 1
ASSETS = ("style.css", "report.js")


class Site:
    """A report in the making. Files are replaced one by one and atomically; a file of the same content is left."""

    def __init__(self, root: Path) -> None:
        """Take a folder that is new, empty, or a report already.

        Raises:
            UsageError: it is something else.
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
        """Write a page or another file at a place below the folder."""
        data = content.encode() if isinstance(content, str) else content
        path = self.root / place
        self._written.add(place)
        if not path.exists() or path.read_bytes() != data:
            replace_atomically(path, data)

    def has(self, place: str) -> bool:
        """Whether a file named by its content is there already; it is then part of this report too."""
        if (self.root / place).exists():
            self._written.add(place)
            return True
        return False

    def take(self, place: str, source: Path) -> None:
        """Put a file there that is named by its content: a hard link, or a copy where the disk is another one."""
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
        """Remove what an earlier writing left and this one does not have; the size of the report in bytes."""
        for place in set(self._before) - self._written:
            path = self.root / place
            if path.resolve().is_relative_to(self.root.resolve()):
                path.unlink(missing_ok=True)
        write_json(self.root / MARKER, {"schema": SCHEMA, "files": sorted(self._written)})
        return sum((self.root / place).stat().st_size for place in self._written)


def _listed(root: Path) -> list[str]:
    """The files that an earlier writing left.

    Raises:
        UsageError: the folder is no report and holds something, or is no folder.
    """
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is a file, and an HTML report is a folder; name another one with --output.")
    if not root.exists() or not any(root.iterdir()):
        return []
    found: Any = read_json(root / MARKER) if (root / MARKER).exists() else None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA or not isinstance(found.get("files"), list):
        raise UsageError(
            f"{root} holds files and is no HTML report of this hsbench; name an empty or a new folder with --output."
        )
    return [str(place) for place in found["files"]]
