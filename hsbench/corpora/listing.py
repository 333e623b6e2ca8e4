"""Looking for audio below a data root: every file is listed, or skipped with a reason; none is passed over."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hsbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class SourceFile:
    """An audio file that belongs to a corpus.

    Attributes:
        path: relative to the corpus's folder, with "/".
        stem: what clip ids begin with.
        speaker: the corpus's name.
        sex: "F", "M" or "".
    """

    path: str
    stem: str
    speaker: str
    sex: str = ""


@dataclass
class Listing:
    """What stands below a corpus's folder.

    Attributes:
        root: the folder.
        files: sorted by path.
        skipped: (path, reason) of everything else that looks like audio or could not be looked at.
    """

    root: Path
    files: list[SourceFile] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def take(self, file: SourceFile) -> None:
        """List a file, unless another has the same stem."""
        other = next((one for one in self.files if one.stem == file.stem), None) if file.stem in self._stems else None
        if other is not None:
            self.skip(file.path, f"has the same name as {other.path}")
            return
        self._stems.add(file.stem)
        self.files.append(file)

    def skip(self, path: str, reason: str) -> None:
        """Leave a file out, and say why."""
        self.skipped.append((path, reason))

    def __post_init__(self) -> None:
        self._stems: set[str] = set()


def walk(listing: Listing, below: str = "") -> Iterator[str]:
    """Paths of the audio files below a folder of a listing, relative to its root; the unreadable are skipped."""
    from hsbench.audio.io import ENDINGS

    def unreadable(error: OSError) -> None:
        listing.skip(_relative(Path(error.filename), listing.root), f"cannot be opened ({error.strerror})")

    for folder, folders, names in os.walk(listing.root / below, onerror=unreadable):
        folders.sort()
        for name in sorted(names):
            path = Path(folder) / name
            if path.suffix.lower() not in ENDINGS:
                continue
            relative = _relative(path, listing.root)
            if path.is_symlink() and not path.exists():
                listing.skip(relative, "is a link to nothing")
            elif not path.is_file():
                listing.skip(relative, "is no regular file")
            else:
                yield relative


def find_folder(root: Path, name: str, what: str) -> Path:
    """The folder `name` at most two levels below a data root, or the root itself.

    Raises:
        DataError: it is not there.
    """
    candidates = [root] if root.name == name else []
    candidates += [root / name, *sorted(root.glob(f"*/{name}"))]
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise DataError(
        f"expected the folder {name} of {what} at {root} or up to two levels below it, and found none; "
        "give the folder that holds it with --data-root."
    )


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
