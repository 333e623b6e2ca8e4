"""Several packed files in one results folder, so that one report shows them side by side.

Rows of two submissions share a table only if they answer the same question: the same experiment, corpora with the same
fingerprint and clips, budget, protocol, split, training corpus and metrics. Otherwise each has a table of its own. A
cell of one submission never takes the place of an equal cell of another: its folder has the submission's name behind
its own.
"""

from __future__ import annotations

import dataclasses
import shutil
from typing import TYPE_CHECKING

from hsbench.errors import DriftError
from hsbench.files import append_jsonl
from hsbench.packing.verify import verify
from hsbench.results.store import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hsbench.results.view import View, ViewRow


def join(files: Sequence[Path], folder: Path, *, rescored: bool, progress: Callable[[str], None]) -> None:
    """Unpack and verify files, and write all of them into one results folder.

    Args:
        files: the packed files, of any origin.
        folder: an empty folder.
        rescored: whether to score the packed sound again.
        progress: takes a line of text before each long piece of work.

    Raises:
        DataError: a file cannot be read as packed results.
        DriftError: something about a file is wrong; the message says what.
    """
    joined = Results(folder / "joined")
    known: set[tuple[str, str]] = set()
    views: dict[tuple[str, str], View] = {}
    for label, path in zip(_labels(files), files, strict=True):
        unpacked = folder / label
        unpacked.mkdir(parents=True)
        verification = verify(path, unpacked, rescored=rescored, refitted=0, progress=progress)
        if wrong := verification.wrong:
            raise DriftError(f"{path} is not what it claims to be: {wrong[0].check}: {wrong[0].detail}")
        results = Results(unpacked)
        for experiment in results.experiments():
            for view in results.views(experiment).values():
                _add(views, _labelled(view, label, verification.badge), label)
        for name in results.cells():
            shutil.move(unpacked / name, joined.root / f"{name}.{label}")
        _add_references(results, joined, known)
    for view in views.values():
        joined.write_view(view)


def _labels(files: Sequence[Path]) -> list[str]:
    """Return a name for each file: that of the file, with a number where two have the same."""
    names = [path.stem for path in files]
    return [name if names.count(name) == 1 else f"{name}-{number}" for number, name in enumerate(names, start=1)]


def _labelled(view: View, label: str, badge: str) -> View:
    """Return a view whose rows and cells have the name of their submission, and whose rows say what is known of it."""

    def row_of(row: ViewRow) -> ViewRow:
        return dataclasses.replace(
            row,
            name=f"{row.name} ({label})",
            cells=tuple(f"{cell}.{label}" for cell in row.cells),
            notes=(*row.notes, f"submission {label}: {badge}"),
        )

    return dataclasses.replace(view, rows=tuple(map(row_of, view.rows)))


def _add(views: dict[tuple[str, str], View], view: View, label: str) -> None:
    """Add a view to those of the other submissions: to a table of equal conditions, or as a table of its own."""
    key = view.experiment, view.group
    if key not in views:
        views[key] = view
    elif _conditions(views[key]) == _conditions(view):
        views[key] = dataclasses.replace(views[key], rows=views[key].rows + view.rows)
    else:
        group = f"{view.group}--{label}"
        views[view.experiment, group] = dataclasses.replace(view, group=group)


def _conditions(view: View) -> View:
    """Return what has to be equal of two views whose rows share a table."""
    corpora = {name: dataclasses.replace(corpus, incomplete=()) for name, corpus in view.corpora.items()}
    return dataclasses.replace(view, rows=(), title="", columns=(), limit=None, absent={}, corpora=corpora)


def _add_references(results: Results, joined: Results, known: set[tuple[str, str]]) -> None:
    """Add the facts and the sound of original clips that the joined folder does not hold yet."""
    (joined.root / "references" / "audio").mkdir(parents=True, exist_ok=True)
    new = {key: row for key, row in results.references().items() if key not in known}
    known |= set(new)
    append_jsonl(joined.root / "references" / "clips.jsonl", new.values())
    for row in results.references().values():
        source, target = results.reference_audio(row["audio"]), joined.reference_audio(row["audio"])
        if source.exists() and not target.exists():
            shutil.move(source, target)
