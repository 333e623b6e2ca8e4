"""Snapshots: the scores of an experiment's rows by clip and seed, with the facts that decide if they can be compared.

A drift check compares two snapshots: one of a results folder, and one that a blessed baseline keeps. Rows are matched
by name, never by the keys of their cells, so that a change of settings shows as drift.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.drift import processors
from hsbench.metrics.base import info
from hsbench.results.pending import PENDING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.results.cell_folder import CellFolder
    from hsbench.results.store import Results
    from hsbench.results.view import View, ViewRow

    Score = tuple[float | None, str]

NUMBERS = "numbers"
"""Stands in place of a metric's name for the numbers stored per clip, which have no noise."""
LOSS = "loss"
"""Stands in place of a metric's name for the losses of the first training steps."""
STEPS = 4
"""Number of recorded steps of each training that a snapshot keeps."""


@dataclass(frozen=True)
class RowFacts:
    """Facts of a row that its scores depend on.

    Attributes:
        row: name of the row.
        model: registered name of the model.
        version: version of the model.
        corpus: name of the corpus.
        numbers: numbers stored per clip, as the mean over clips and seeds.
        trained_on: name of the corpus that the model learned from, where it is not `corpus`; else None.
    """

    row: str
    model: str
    version: int
    corpus: str
    numbers: float
    trained_on: str | None = None


@dataclass(frozen=True)
class Snapshot:
    """One side of a drift check.

    Attributes:
        experiment: name of the experiment.
        group: corpora, budget and protocol, as in the view.
        device: "cpu" or "cuda".
        environment: packages and machine of the latest working session.
        families: processor families of all working sessions, sorted; of a baseline also those of its reruns.
        fingerprints: name of a corpus -> its fingerprint, of scored corpora and of the training corpus.
        sounds: identifier of a clip -> SHA-256 of the samples of the original clip.
        metrics: name of a metric -> its version.
        rows: name of a row -> its facts, in the order shown.
        scores: (row, metric) -> {(seed, clip): (value or None, status)}; scores that were never computed are absent.
        curves: row -> {(seed, clip, step): loss, or None if it is not finite}, for the first STEPS recorded steps of
            each training. "Clip" is a clip that is fitted by itself, or "" for a training that all clips share, or the
            first of a group of clips whose mean loss alone was recorded. Rows without a training are absent.
    """

    experiment: str
    group: str
    device: str
    environment: Mapping[str, Any]
    families: tuple[str, ...]
    fingerprints: Mapping[str, str]
    sounds: Mapping[str, str]
    metrics: Mapping[str, int]
    rows: Mapping[str, RowFacts]
    scores: Mapping[tuple[str, str], Mapping[tuple[int, str], Score]]
    curves: Mapping[str, Mapping[tuple[int, str, int], float | None]]


def snapshot(results: Results, view: View) -> Snapshot:
    """Return the snapshot of one view of a results folder; rows without cells are left out."""
    rows = {row.name: row for row in view.rows if row.cells}
    folders = {name: [results.folder(cell) for cell in row.cells] for name, row in rows.items()}
    sessions = [
        session for cells in folders.values() for cell in cells for session in cell.provenance().get("sessions", ())
    ]
    latest: dict[str, Any] = max(sessions, key=lambda session: session["started"], default={})
    metrics = {name: info(name).version for name in view.metrics}
    return Snapshot(
        experiment=view.experiment,
        group=view.group,
        device=" and ".join(sorted({session["device"] for session in sessions})),
        environment={name: latest.get(name) for name in ("python", "packages", "system", "cpu", "cores", "threads")},
        families=processors.families(session.get("cpu") for session in sessions),
        fingerprints=_fingerprints(view),
        sounds=_sounds(results, view),
        metrics=metrics,
        rows={name: _facts(rows[name], cells) for name, cells in folders.items()},
        scores={
            (name, metric): scores_of(cells, view.corpus(rows[name]).clips, metric, version)
            for name, cells in folders.items()
            for metric, version in metrics.items()
        },
        curves={
            name: steps
            for name, cells in folders.items()
            if (steps := _first_steps(cells, view.corpus(rows[name]).clips))
        },
    )


def _fingerprints(view: View) -> dict[str, str]:
    """Return corpus -> fingerprint; a corpus that is scored and trained on is opened once and has one fingerprint."""
    training = {} if view.train_corpus is None else {view.train_corpus.name: view.train_corpus.fingerprint}
    return training | {name: corpus.fingerprint for name, corpus in view.corpora.items()}


def _sounds(results: Results, view: View) -> dict[str, str]:
    """Return clip -> SHA-256 of the original's samples, which is the name of its audio file."""
    known = results.references()
    wanted = [(corpus.fingerprint, clip) for corpus in view.corpora.values() for clip in corpus.clips]
    return {key[1]: known[key]["audio"].removesuffix(".wav") for key in wanted if key in known}


def _facts(row: ViewRow, cells: list[CellFolder]) -> RowFacts:
    """Return the facts of a row; the version of its model is 0 if its first cell was never begun."""
    numbers = [clip_row["numbers"] for cell in cells for clip_row in cell.reconstructions().values()]
    version = cells[0].spec().model.version if cells[0].exists() else 0
    return RowFacts(row.name, row.model, version, row.corpus, sum(numbers) / max(1, len(numbers)), row.trained_on)


def _first_steps(cells: Sequence[CellFolder], clips: Sequence[str]) -> dict[tuple[int, str, int], float | None]:
    """Return the losses of the first STEPS recorded steps, (seed, clip, step) -> loss, as Snapshot.curves holds them.

    Clips that are fitted by themselves have losses of their own in the first rows of each group. Those do not depend on
    the group, so a cell whose clips were fitted in other groups can be compared; the mean losses of its later rows can
    not, and are left out.

    Args:
        cells: folders of the row's cells, one for each seed.
        clips: identifiers of the clips of the view.
    """
    losses: dict[tuple[int, str, int], float | None] = {}
    for seed, cell in enumerate(cells):
        rows = cell.curve()
        curves: dict[str, dict[int, float | None]] = {}
        for row in [row for row in rows if "losses" in row] or rows:
            for clip, loss in _losses(row, clips).items():
                curves.setdefault(clip, {})[row["step"]] = loss
        losses |= {(seed, clip, step): curve[step] for clip, curve in curves.items() for step in sorted(curve)[:STEPS]}
    return losses


def _losses(row: Mapping[str, Any], clips: Sequence[str]) -> dict[str, float | None]:
    """Return the losses of one row of a learning curve: of each clip, or the mean loss of a group or a training."""
    if "losses" in row:
        return {clip: loss for clip, loss in row["losses"].items() if clip in clips}
    return {row.get("first", ""): row["loss"]}


def scores_of(
    cells: Sequence[CellFolder], clips: Sequence[str], metric: str, version: int
) -> dict[tuple[int, str], Score]:
    """Return the scores of a row by one metric: (seed, clip) -> (value or None, status).

    Args:
        cells: folders of the row's cells, one for each seed.
        clips: identifiers of the clips.
        metric: name of the metric.
        version: version of the metric.
    """
    scores_by_clip = {}
    for seed, cell in enumerate(cells):
        scores = cell.scores()
        for clip in clips:
            row = scores.get((clip, metric, version))
            if row is not None and row["status"] not in PENDING:
                scores_by_clip[seed, clip] = (row["value"], row["status"])
    return scores_by_clip
