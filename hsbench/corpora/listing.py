"""Search for audio files below a data root; every file is either listed or skipped with a reason."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hsbench.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class SourceFile:
    """An audio file that belongs to a corpus.

    Attributes:
        path: path relative to the folder of the corpus, with "/" as separator.
        stem: text that the ids of the file's clips begin with.
        speaker: name of the speaker, as the corpus gives it.
        sex: sex of the speaker, "F" or "M", or "" where the corpus does not say.
    """

    path: str
    stem: str
    speaker: str
    sex: str = ""


@dataclass
class Listing:
    """The audio files below the folder of a corpus.

    Attributes:
        root: the folder of the corpus.
        files: files that belong to the corpus, in the order of `walk`.
        skipped: (path, reason) of all other audio files, and of folders that cannot be read.
    """

    root: Path
    files: list[SourceFile] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def take(self, file: SourceFile) -> None:
        """Add a file, or skip it if an earlier file has the same stem."""
        earlier = self._by_stem.setdefault(file.stem, file)
        if earlier is file:
            self.files.append(file)
        else:
            self.skip(file.path, f"has the same name as {earlier.path}")

    def skip(self, path: str, reason: str) -> None:
        """Skip a file or a folder, with the reason."""
        self.skipped.append((path, reason))

    def __post_init__(self) -> None:
        self._by_stem: dict[str, SourceFile] = {}


def walk(listing: Listing, below: str = "") -> Iterator[str]:
    """Yield the paths of the audio files below a folder; unreadable files and folders are skipped with a reason.

    The order is the same on every machine: the files of a folder, sorted by name, then those of its sorted subfolders.
    A path that is not UTF-8 is skipped: it cannot be stored in the JSON files of a prepared corpus.

    Args:
        listing: listing of the corpus; paths are relative to its root.
        below: folder to search, relative to the root; "" for the root.
    """
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
            if not is_utf8(path.relative_to(listing.root)):
                listing.skip(relative, "has a name that is not UTF-8; rename it")
            elif path.is_symlink() and not path.exists():
                listing.skip(relative, "is a link to nothing")
            elif not path.is_file():
                listing.skip(relative, "is no regular file")
            else:
                yield relative


def find_folder(root: Path, name: str, what: str) -> Path:
    """Return the folder of a corpus: the data root itself, or a folder at most two levels below it.

    Args:
        root: data root that the user gave.
        name: name of the folder.
        what: name of the corpus, for the message.

    Raises:
        DataError: there is no such folder.
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


def is_utf8(path: Path) -> bool:
    """Return whether the bytes of a path are UTF-8, as JSON needs; file systems also accept other bytes."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def check_utf8(option: str, path: Path) -> Path:
    """Return a path unchanged if it can be stored in JSON files.

    Args:
        option: option of the command line that gave the path, for the message.
        path: file or folder.

    Raises:
        UsageError: the path is not UTF-8.
    """
    if not is_utf8(path):
        raise UsageError(f"{option} expects a path that is UTF-8, got {_readable(path)}; rename it.")
    return path


def _relative(path: Path, root: Path) -> str:
    return _readable(path.relative_to(root))


def _readable(path: Path) -> str:
    r"""Return a path with "/" as separator, and with \xff for a byte that is not UTF-8."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")
