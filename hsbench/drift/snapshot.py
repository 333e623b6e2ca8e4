"""What one side of a drift check holds: the scores of an experiment's rows by clip and seed, and what they rest on.

A snapshot is made from a results folder, and a blessed baseline keeps one. Rows meet by name, never by key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.metrics.base import info
from hsbench.results.pending import PENDING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.results.cell_folder import CellFolder
    from hsbench.results.store import Results
    from hsbench.results.view import View, ViewRow

    Score = tuple[float | None, str]

NUMBERS = "numbers"
"""In place of a metric: how many numbers a clip costs to store, which is exact."""
LOSS = "loss"
"""In place of a metric: that of the first steps of a training."""
STEPS = 4
"""So many recorded steps of each training."""


@dataclass(frozen=True)
class RowFacts:
    """What a row's scores rest on.

    Attributes:
        row: name.
        model: registered name.
        version: of the model.
        corpus: name.
        numbers: stored for each clip, the mean over clips and seeds.
    """

    row: str
    model: str
    version: int
    corpus: str
    numbers: float


@dataclass(frozen=True)
class Snapshot:
    """One side.

    Attributes:
        experiment: name.
        group: corpora, budget and protocol, as in the view.
        device: "cpu" or "cuda".
        environment: packages and machine of the latest session.
        fingerprints: corpus -> fingerprint.
        sounds: clip -> SHA-256 of the original's samples.
        metrics: name -> version.
        rows: by name, in the order shown.
        scores: (row, metric) -> {(seed, clip): (value or None, status)}; what was never scored is absent.
        curves: row -> {(seed, first clip of those fitted together or "", step): loss or None}, of the first STEPS;
            rows without a training are left out.
    """

    experiment: str
    group: str
    device: str
    environment: Mapping[str, Any]
    fingerprints: Mapping[str, str]
    sounds: Mapping[str, str]
    metrics: Mapping[str, int]
    rows: Mapping[str, RowFacts]
    scores: Mapping[tuple[str, str], Mapping[tuple[int, str], Score]]
    curves: Mapping[str, Mapping[tuple[int, str, int], float | None]]


def snapshot(results: Results, view: View) -> Snapshot:
    """Return what a results folder holds of one view; rows without any cell are left out."""
    rows = {row.name: row for row in view.rows if row.cells}
    folders = {name: [results.folder(cell) for cell in row.cells] for name, row in rows.items()}
    sessions = [one for cells in folders.values() for cell in cells for one in cell.provenance().get("sessions", ())]
    latest: dict[str, Any] = max(sessions, key=lambda session: session["started"], default={})
    metrics = {name: info(name).version for name in view.metrics}
    return Snapshot(
        experiment=view.experiment,
        group=view.group,
        device=" and ".join(sorted({session["device"] for session in sessions})),
        environment={name: latest.get(name) for name in ("python", "packages", "system", "cpu", "cores", "threads")},
        fingerprints={name: corpus.fingerprint for name, corpus in view.corpora.items()},
        sounds=_sounds(results, view),
        metrics=metrics,
        rows={name: _facts(rows[name], cells) for name, cells in folders.items()},
        scores={
            (name, metric): scores_of(cells, view.corpus(rows[name]).clips, metric, version)
            for name, cells in folders.items()
            for metric, version in metrics.items()
        },
        curves={name: steps for name, cells in folders.items() if (steps := _first_steps(cells))},
    )


def _sounds(results: Results, view: View) -> dict[str, str]:
    """Clip -> SHA-256 of the original's samples, which is its file's name."""
    known = results.references()
    wanted = [(corpus.fingerprint, clip) for corpus in view.corpora.values() for clip in corpus.clips]
    return {key[1]: known[key]["audio"].removesuffix(".wav") for key in wanted if key in known}


def _facts(row: ViewRow, cells: list[CellFolder]) -> RowFacts:
    built = [one["numbers"] for cell in cells for one in cell.reconstructions().values()]
    version = cells[0].spec().model.version if cells[0].exists() else 0
    return RowFacts(row.name, row.model, version, row.corpus, sum(built) / max(1, len(built)))


def _first_steps(cells: Sequence[CellFolder]) -> dict[tuple[int, str, int], float | None]:
    found: dict[tuple[int, str, int], float | None] = {}
    for seed, cell in enumerate(cells):
        curves: dict[str, dict[int, float | None]] = {}
        for row in cell.curve():
            curves.setdefault(row.get("first", ""), {})[row["step"]] = row["loss"]
        found |= {(seed, first, step): curve[step] for first, curve in curves.items() for step in sorted(curve)[:STEPS]}
    return found


def scores_of(
    cells: Sequence[CellFolder], clips: Sequence[str], metric: str, version: int
) -> dict[tuple[int, str], Score]:
    """(seed, clip) -> value or None and status, of the cells of a row, one for each seed."""
    found = {}
    for seed, cell in enumerate(cells):
        scores = cell.scores()
        for clip in clips:
            row = scores.get((clip, metric, version))
            if row is not None and row["status"] not in PENDING:
                found[seed, clip] = (row["value"], row["status"])
    return found
