"""Which files of a results folder are packed: all records, and the sound of a few clips where its licence allows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.errors import HsbenchError
from hsbench.files import canonical_json
from hsbench.packing.archive import FOLDER
from hsbench.results.inside import inside

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hsbench.results.store import Results
    from hsbench.results.view import View, ViewRow

AUDIO_CLIPS = 8
"""Clips of each row whose sound is packed, at most: the first ones in evaluation order."""
RECORDS = (
    "spec.json",
    "provenance.json",
    "fit.json",
    "fit.jsonl",
    "reconstructions.jsonl",
    "scores.jsonl",
    "status.json",
)
"""Files of a cell that are packed."""


@dataclass
class Contents:
    """What is packed.

    Attributes:
        files: name in the packed file -> content.
        left_out: sentences on what is not packed, each once.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    left_out: dict[str, None] = field(default_factory=dict)

    def add(self, path: Path, root: Path) -> None:
        """Add a file of the results folder, if it exists."""
        if inside(path, root).is_file():
            self.files[FOLDER + path.relative_to(root).as_posix()] = path.read_bytes()


def collect(results: Results, views: Iterable[View]) -> Contents:
    """Return the files of some views of a results folder.

    Args:
        results: the results folder.
        views: what is packed; a results folder that holds nothing else has the same tables.
    """
    contents, root = Contents(), results.root
    views = list(views)
    for name in dict.fromkeys(view.experiment for view in views):
        contents.add(root / "views" / f"{name}.json", root)
    originals: dict[tuple[str, str], bool] = {}
    for view in views:
        for row in view.rows:
            for cell in row.cells:
                _add_cell(contents, results, view, row, cell)
            travels = _travels(row.corpus)
            for index, clip in enumerate(view.corpus(row).clips):
                key = view.corpus(row).fingerprint, clip
                originals[key] = originals.get(key, False) or (travels and index < AUDIO_CLIPS)
    _add_originals(contents, results, originals)
    return contents


def _add_cell(contents: Contents, results: Results, view: View, row: ViewRow, cell: str) -> None:
    """Add the records of a cell, and where its corpus allows it the streams of all clips and the sound of the first.

    The stream of an individual INR decodes to the sound by itself, so it travels no further than the sound does.
    """
    folder, root = results.folder(cell), results.root
    for name in RECORDS:
        contents.add(folder.path / name, root)
    clips = view.corpus(row).clips
    if not _travels(row.corpus):
        reason = "whose licence does not let it travel with results"
        contents.left_out[f"sound and streams of corpus {row.corpus}, {reason}"] = None
        return
    for clip in clips:
        contents.add(folder.stream(clip), root)
    for clip in clips[:AUDIO_CLIPS]:
        contents.add(folder.audio(clip), root)
    if len(clips) > AUDIO_CLIPS:
        contents.left_out[f"the sound of all clips of a row but the first {AUDIO_CLIPS}"] = None


def _add_originals(contents: Contents, results: Results, wanted: dict[tuple[str, str], bool]) -> None:
    """Add the facts of the original clips, and the sound of those that are wanted with it."""
    rows = [row for key, row in results.references().items() if key in wanted]
    for row in rows:
        if wanted[row["fingerprint"], row["clip"]]:
            contents.add(results.reference_audio(row["audio"]), results.root)
    lines = "".join(canonical_json(row) + "\n" for row in rows)
    contents.files[f"{FOLDER}references/clips.jsonl"] = lines.encode()


def _travels(corpus: str) -> bool:
    """Return whether the sound of a corpus may be handed on; that of an unknown corpus may not."""
    try:
        return registry.corpus(corpus).redistributable
    except HsbenchError:
        return False
