"""Free disk space in a results folder: which files may be removed, how large they are, what removing them costs later.

The rows, specification, statuses and logs of a cell are always kept, and with them its tables. Only artifacts are
removed, or whole cells that `--rerun` set aside. A cell that a process is working on is skipped, and so is every path
that a symbolic link leads out of the results folder.
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
            "a metric that is not yet scored needs its clips rebuilt, which for INRs means another fit",
        ),
        "weights": (
            "the parameters and streams of each clip",
            "a metric at another rate that is not yet scored needs its clips rebuilt",
        ),
        "networks": (
            "trained networks",
            "new clips need the training again; reconstruct and export need run --rerun all first",
        ),
        "checkpoints": ("checkpoints of unfinished fits", "an unfinished fit or training starts from its beginning"),
        "superseded": ("whole cells that --rerun set aside", "their scores are lost"),
    }
)
"""Name of a rule -> what it removes, and what that costs later."""


@dataclass(frozen=True)
class Wish:
    """A choice of cells by name, model, corpus and age; None allows any.

    Attributes:
        names: folder names of the cells.
        model: registered name of the model.
        corpus: registered name of the corpus.
        older_than: minimum time since the latest record of the cell was written, in seconds.
    """

    names: Collection[str] | None = None
    model: str | None = None
    corpus: str | None = None
    older_than: float | None = None

    def covers(self, name: str, folder: CellFolder) -> bool:
        """Return whether a cell belongs to the choice.

        A record dated in the future, as after a clock was set back, counts as new.

        Args:
            name: folder name of the cell when it was computed, "model--corpus--...".
            folder: folder of the cell.
        """
        model, corpus = (*name.split("--"), "", "")[:2]
        return (
            (self.names is None or name in self.names)
            and self.model in (None, model)
            and self.corpus in (None, corpus)
            and (self.older_than is None or time.time() - folder.touched() > self.older_than)
        )


@dataclass(frozen=True)
class Removal:
    """A file or folder that a rule removes.

    Attributes:
        rule: name of the rule.
        folder: folder of the cell that it belongs to.
        path: the file or folder to remove.
        files: number of files in it.
        size: sum of their sizes, in bytes.
    """

    rule: str
    folder: CellFolder
    path: Path
    files: int
    size: int


@dataclass(frozen=True)
class Survey:
    """What the chosen rules would remove, and what they skip.

    Attributes:
        removals: files and folders to remove, in the order of the rules, then of the cells.
        running: folder names of cells that are skipped because a process is working on them.
        linked: paths that are skipped because a symbolic link leads out of the results folder.
    """

    removals: tuple[Removal, ...]
    running: tuple[str, ...]
    linked: tuple[Path, ...]


def survey(results: Results, rules: Collection[str], wish: Wish) -> Survey:
    """List what the rules would remove; nothing is written.

    Args:
        results: the results folder.
        rules: names of RULES.
        wish: the cells to look at.
    """
    root = os.path.realpath(results.root)
    removals, running, linked = [], dict[str, None](), []
    for rule in RULES:
        if rule not in rules:
            continue
        for folder, path in _candidates(results, rule, wish):
            if not os.path.lexists(path):
                continue
            if os.path.realpath(path) != os.path.join(root, path.relative_to(results.root)):  # noqa: PTH118  Path.resolve raises for a link to itself
                linked.append(path)
                continue
            files, size = _extent(path)
            if folder.running:
                running[folder.path.name] = None
            elif files:
                removals.append(Removal(rule, folder, path, files, size))
    return Survey(tuple(removals), tuple(running), tuple(linked))


def remove(removal: Removal) -> bool:
    """Remove a file or folder while holding the lock of its cell.

    Returns:
        Whether it was removed; False if a process has started to work on the cell since the survey.

    Raises:
        OSError: the system refuses, for example because permission is missing.
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
    """Yield each cell folder with each path that a rule removes, existing or not."""
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
    """Return the paths in a cell's folder that a rule removes."""
    if rule == "audio":
        return [folder.all_audio]
    if rule == "weights":
        return [folder.all_weights, folder.all_streams]
    if rule == "checkpoints":
        return [folder.scratch, folder.kept / CHECKPOINT]
    return [path for path in sorted(folder.kept.glob("*")) if path.name != CHECKPOINT]


def _extent(path: Path) -> tuple[int, int]:
    """Return number and total size [bytes] of the files in a tree; symbolic links are counted, not followed."""
    if not path.is_dir():
        return 1, path.lstat().st_size
    sizes = [os.lstat(os.path.join(parent, name)).st_size for parent, _, names in os.walk(path) for name in names]  # noqa: PTH118  a path object for each of 100 000 files is slow
    return len(sizes), sum(sizes)
