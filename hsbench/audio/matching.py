"""Pair reference files with estimate files: two files, or the files of two folders by name.

The name of a file is its path below the folder, without the ending and without a leading `reconstruction_`, which some
tools put there. Files whose name is not UTF-8 cannot be named in JSON or on a terminal, and pipes and devices would
block whoever opens them, so both are refused.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench.audio.io import ENDINGS
from hsbench.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "reconstruction_"


@dataclass(frozen=True)
class Matched:
    """The pairs of two folders, and the files that belong to no pair.

    Attributes:
        pairs: (name, reference file, estimate file), sorted by name.
        problems: one sentence for each file that was left out: without a partner, with the name of another file, with
            a name that is not UTF-8, or not regular.
    """

    pairs: tuple[tuple[str, Path, Path], ...]
    problems: tuple[str, ...]


def match(reference: Path, estimate: Path) -> Matched:
    """Pair two files, or the audio files of two folders.

    Args:
        reference: an audio file, or a folder that is searched with its subfolders.
        estimate: the same.

    Raises:
        UsageError: a path does not exist, is neither a file nor a folder, or has a name that is not UTF-8; or one path
            is a file and the other a folder.
    """
    for path in (reference, estimate):
        if not path.exists():
            raise UsageError(
                f"expected two audio files or two folders, but {_shown(path)} does not exist; check the path."
            )
        if reason := None if path.is_dir() else _refusal(path):
            raise UsageError(f"expected two audio files or two folders, but {_shown(path)} {reason}.")
    if reference.is_file() and estimate.is_file():
        return Matched(((_name(estimate.with_suffix("").name), reference, estimate),), ())
    if reference.is_file() or estimate.is_file():
        raise UsageError(
            f"expected two audio files or two folders, got one of each: {reference} and {estimate}; "
            "give two of one kind."
        )
    problems: list[str] = []
    sides = [files(folder, problems) for folder in (reference, estimate)]
    for side, other, folder in ((0, 1, estimate), (1, 0, reference)):
        problems += [
            f"{sides[side][name]}: no partner in {folder}" for name in sorted(sides[side].keys() - sides[other].keys())
        ]
    common = sorted(sides[0].keys() & sides[1].keys())
    return Matched(tuple((name, sides[0][name], sides[1][name]) for name in common), tuple(problems))


def files(folder: Path, problems: list[str]) -> dict[str, Path]:
    """Return name -> path of every audio file below a folder, in the order of the paths.

    Args:
        folder: searched with its subfolders.
        problems: list to which a sentence is added for each file that is left out: one that is not regular, whose name
            is not UTF-8, or whose name an earlier file has.
    """
    by_name: dict[str, Path] = {}
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS):
        if reason := _refusal(path):
            problems.append(f"{_shown(path)}: {reason}")
            continue
        name = _name(path.relative_to(folder).with_suffix("").as_posix())
        if name in by_name:
            problems.append(f"{path}: has the same name as {by_name[name]} and is left out")
        else:
            by_name[name] = path
    return by_name


def _refusal(path: Path) -> str | None:
    """Return why a path cannot be opened as an audio file, as the end of a sentence, or None; nothing is opened."""
    if not path.is_file():
        return "is no regular file; leave it out"
    return None if _shown(path) == str(path) else "has a name that is not UTF-8; rename it"


def _shown(path: Path) -> str:
    r"""Return a path as text that can be printed: bytes that are not UTF-8 as escapes such as \xe9."""
    return os.fsencode(path).decode(errors="backslashreplace")


def _name(stem: str) -> str:
    folder, slash, last = stem.rpartition("/")
    return folder + slash + last.removeprefix(PREFIX)
