"""What may be dropped from a results folder, how much room it takes, and what dropping it costs later.

Rows, specifications, statuses and logs of a cell stay, so its tables stay; only artifacts go, or whole cells that were
set aside. A cell that a process works on is left alone, and so is whatever a link takes out of the results folder.
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from hsbench.errors import LockedError
from hsbench.models.base import CHECKPOINT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from hsbench.results.cell_folder import CellFolder
    from hsbench.results.store import Results

RULES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "audio": (
            "rebuilt clips",
            "a metric that is not yet scored needs its clips rebuilt, which for INRs means fitting them anew",
        ),
        "weights": (
            "the parameters of each clip",
            "a metric at another rate that is not yet scored needs its clips rebuilt",
        ),
        "networks": (
            "trained networks",
            "new clips need the training again; reconstruct and export only work after run --rerun all",
        ),
        "checkpoints": ("fits in flight", "an unfinished fit or training begins anew"),
        "superseded": ("cells set aside by --rerun, whole", "what they measured is gone"),
    }
)
"""Rule -> what goes, and what that costs later."""


@dataclass(frozen=True)
class Wish:
    """Which cells are meant; None means any.

    Attributes:
        names: folder names.
        model: registered name.
        corpus: registered name.
        older_than: seconds since the latest record of the cell.
    """

    names: Collection[str] | None = None
    model: str | None = None
    corpus: str | None = None
    older_than: float | None = None

    def covers(self, name: str, folder: CellFolder) -> bool:
        """Whether a cell of that name is meant. A record of the future, as a clock set back leaves, is not old."""
        model, corpus = (*name.split("--"), "", "")[:2]
        return (
            (self.names is None or name in self.names)
            and self.model in (None, model)
            and self.corpus in (None, corpus)
            and (self.older_than is None or time.time() - folder.touched() > self.older_than)
        )


@dataclass(frozen=True)
class Removal:
    """Something that goes.

    Attributes:
        rule: why.
        folder: of the cell.
        path: file or folder that goes.
        files: in it.
        size: in bytes.
    """

    rule: str
    folder: CellFolder
    path: Path
    files: int
    size: int


@dataclass(frozen=True)
class Survey:
    """What a clean would do.

    Attributes:
        removals: in the order of the rules, then of the cells.
        running: names of cells that would be touched and are being worked on.
        linked: paths that lead out of the results folder.
    """

    removals: tuple[Removal, ...]
    running: tuple[str, ...]
    linked: tuple[Path, ...]


def survey(results: Results, rules: Collection[str], wish: Wish) -> Survey:
    """Look at what the rules would remove; nothing is written."""
    root = results.root.resolve()
    removals, running, linked = [], dict[str, None](), []
    for rule in RULES:
        if rule not in rules:
            continue
        for folder, path in _candidates(results, rule, wish):
            if not os.path.lexists(path):
                continue
            if path.resolve() != root / path.relative_to(results.root):
                linked.append(path)
                continue
            files, size = _extent(path)
            if folder.running:
                running[folder.path.name] = None
            elif files:
                removals.append(Removal(rule, folder, path, files, size))
    return Survey(tuple(removals), tuple(running), tuple(linked))


def remove(removal: Removal) -> bool:
    """Remove it while holding its cell; gives whether that was possible, for a process may have taken the cell since.

    Raises:
        OSError: the system refuses, for lack of permission for one.
    """
    try:
        with removal.folder.locked(patience=0):
            if removal.path.is_dir():
                shutil.rmtree(removal.path)
            else:
                removal.path.unlink(missing_ok=True)
    except LockedError:
        return False
    return True


def _candidates(results: Results, rule: str, wish: Wish) -> Iterator[tuple[CellFolder, Path]]:
    """(cell, path) of whatever a rule is about, existing or not."""
    if rule == "superseded":
        for folder in results.superseded():
            if wish.covers(folder.path.name.rpartition("--")[0], folder):
                yield folder, folder.path
        return
    for name in results.cells():
        folder = results.folder(name)
        if wish.covers(name, folder):
            for path in _paths(folder, rule):
                yield folder, path


def _paths(folder: CellFolder, rule: str) -> list[Path]:
    if rule == "audio":
        return [folder.all_audio]
    if rule == "weights":
        return [folder.all_weights]
    if rule == "checkpoints":
        return [folder.scratch, folder.kept / CHECKPOINT]
    return [path for path in sorted(folder.kept.glob("*")) if path.name != CHECKPOINT]


def _extent(path: Path) -> tuple[int, int]:
    """Number of files of a tree and their bytes; links are counted and not followed."""
    if not path.is_dir():
        return 1, path.lstat().st_size
    sizes = [os.lstat(os.path.join(base, name)).st_size for base, _, names in os.walk(path) for name in names]  # noqa: PTH118  a path object for each of 100 000 files is slow
    return len(sizes), sum(sizes)
