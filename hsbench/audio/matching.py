"""Pairs of audio files that belong together: two files, or two folders matched by name.

A name is the path below its folder without the ending, and without a leading `reconstruction_`, which some tools write.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench.audio.io import ENDINGS
from hsbench.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "reconstruction_"


@dataclass(frozen=True)
class Matched:
    """What was found.

    Attributes:
        pairs: (name, reference file, estimate file), sorted by name.
        problems: a sentence for each file that has no partner, or is ambiguous.
    """

    pairs: tuple[tuple[str, Path, Path], ...]
    problems: tuple[str, ...]


def match(reference: Path, estimate: Path) -> Matched:
    """Match two files, or the audio files of two folders.

    Raises:
        UsageError: a path does not exist, or one is a file and the other a folder.
    """
    for path in (reference, estimate):
        if not path.exists():
            raise UsageError(f"expected two audio files or two folders, but {path} does not exist; check the path.")
    if reference.is_file() and estimate.is_file():
        return Matched(((_name(estimate.with_suffix("").name), reference, estimate),), ())
    if reference.is_file() or estimate.is_file():
        raise UsageError(f"expected two audio files or two folders, got one of each: {reference} and {estimate}.")
    problems: list[str] = []
    sides = [files(folder, problems) for folder in (reference, estimate)]
    for side, other, folder in ((0, 1, estimate), (1, 0, reference)):
        problems += [
            f"{sides[side][name]}: no partner in {folder}" for name in sorted(sides[side].keys() - sides[other].keys())
        ]
    common = sorted(sides[0].keys() & sides[1].keys())
    return Matched(tuple((name, sides[0][name], sides[1][name]) for name in common), tuple(problems))


def files(folder: Path, problems: list[str]) -> dict[str, Path]:
    """Name -> file of every audio file below a folder, in the order of their paths.

    Two files of one name are a problem, which is added to `problems` as a sentence, and the first counts.
    """
    found: dict[str, Path] = {}
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS):
        name = _name(path.relative_to(folder).with_suffix("").as_posix())
        if name in found:
            problems.append(f"{path}: has the same name as {found[name]} and is left out")
        else:
            found[name] = path
    return found


def _name(stem: str) -> str:
    folder, slash, last = stem.rpartition("/")
    return folder + slash + last.removeprefix(PREFIX)
