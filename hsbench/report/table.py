"""A table as a value: its rows, the published values beside them, and every reason why the two are not comparable.

It is a pure function of a results folder and of the published numbers in baselines/.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from hsbench.analysis import comparability, costs, equivalent_fits, floors, frame, published, stats
from hsbench.errors import DataError
from hsbench.metrics.base import MetricInfo, info
from hsbench.report import late
from hsbench.results.pending import score_status
from hsbench.spec import FLOOR_MODELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from hsbench.results.cell_folder import CellFolder
    from hsbench.results.store import Results
    from hsbench.results.view import View, ViewRow

    Scores = Mapping[tuple[str, str, int], Mapping[str, Any]]

BELOW_FLOOR = "does not beat silence at this budget"
"""What tables say of a row that stands above neither silence nor noise."""


@dataclass(frozen=True)
class Entry:
    """One metric of one row.

    Attributes:
        summary: mean, interval and coverage.
        bold: whether the row is the best one in this metric, or not separable from the best one.
        paper: mean of the published aggregator, averaged over the seeds for which it exists; None where there is none.
        penalised: mean in which failed estimates count, see stats.penalised_mean; None where there is none.
        values: scores [seeds, clips] in evaluation order, NaN where a clip has no value.
    """

    summary: stats.Summary
    bold: bool
    paper: float | None
    penalised: float | None
    values: NDArray[np.float64] = field(repr=False, compare=False)


@dataclass(frozen=True)
class TableRow:
    """One row of a table: one model with its settings, over all its seeds.

    Attributes:
        name: name of the row as the table shows it.
        corpus: registered name of the corpus.
        entries: metric -> its entry in this row.
        ratio: exact compression ratio, samples per stored number; None while no clip is reconstructed.
        numbers: stored numbers per clip; None while no clip is reconstructed.
        kbit: stored kilobits per clip, mean over clips; None where the model does not report bits.
        built: number of reconstructed clips, over all seeds.
        wanted: number of clips to reconstruct, over all seeds.
        bad: status -> number of reconstructions that failed with it ("diverged", "collapsed").
        missing: (metric, status) -> number of scores without a value.
        clipped: share of samples beyond full scale, mean over clips.
        badge: name of the budget where the training departs from the paper's, and "adopted" where a network that was
            trained elsewhere took the place of the training; "" for neither.
        departures: every such departure, as "setting value (paper value)".
        notes: remarks that a reader of the table needs, among them the changed settings and why a row is absent.
        fit: facts of the training that the clips share: generated, total, steps, clips_seen, seconds, and others that
            the model reports; empty for a model without such a training.
        printed: metric -> the published value for this row.
        reasons: why the row is not comparable with the published one; empty where it is comparable.
        costs: operations and seconds per clip, and the error at patch borders.
        trained_on: registered name of the corpus that the model learned from, where it is not `corpus`; else None.
        split: split that the clips come from: "train" (seen clips), "validation" (held-out clips) or "all".
        model: registered name of the model.
        voices: number of different speakers of the clips; 0 where the results folder does not name them.
        below_floor: BELOW_FLOOR where the row stands above none of the table's floors (hsbench.analysis.floors), so
            that its values say nothing about the method; else "".
    """

    name: str
    corpus: str
    entries: Mapping[str, Entry]
    ratio: float | None
    numbers: int | None
    kbit: float | None
    built: int
    wanted: int
    bad: Mapping[str, int]
    missing: Mapping[tuple[str, str], int]
    clipped: float
    badge: str
    departures: tuple[str, ...]
    notes: tuple[str, ...]
    fit: Mapping[str, Any]
    printed: Mapping[str, published.Printed]
    reasons: tuple[str, ...]
    costs: costs.Costs = field(default_factory=costs.Costs)
    trained_on: str | None = None
    split: str = "validation"
    model: str = ""
    voices: int = 0
    below_floor: str = ""


@dataclass(frozen=True)
class Table:
    """The table of one view.

    Attributes:
        view: the view: one experiment on its corpora, with one budget and one protocol.
        metrics: the metrics in the order of their columns.
        rows: the rows in the order shown.
        source: the published table that stands beside the rows, or None.
        equivalent_fits: how far the scores of the individual fits move with the order of summation; None for a table
            without such fits, and where it was not measured.
    """

    view: View
    metrics: tuple[MetricInfo, ...]
    rows: tuple[TableRow, ...]
    source: published.PublishedTable | None
    equivalent_fits: equivalent_fits.EquivalentFits | None = None

    @property
    def title(self) -> str:
        """Heading of the table, with the number of the published table where there is one."""
        number = f"Table {self.view.table}: " if self.view.table else ""
        return number + self.view.title

    @property
    def batch(self) -> int:
        """Number of clips that the published evaluation averages in a batch."""
        return self.source.batch if self.source else published.BATCH

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons of all rows that stand beside a published one, or of all rows where none does, each once."""
        rows = [row for row in self.rows if row.printed] or self.rows
        return tuple(dict.fromkeys(reason for row in rows for reason in row.reasons))


def build(view: View, results: Results, baselines: Path | None = None) -> Table:
    """Build the table of one view.

    Args:
        view: the view whose rows, clips and metrics the table has.
        results: the results folder that holds the cells of the view.
        baselines: folder with published numbers; None for the default, see published.baselines_folder.

    Raises:
        DataError: results or baselines are garbled.
    """
    metrics = tuple(info(name) for name in view.metrics)
    source = published.table(view.source, view.table, baselines) if view.source and view.table else None
    read = [_read(view, row, results) for row in view.rows]
    entries = _entries(view, read, metrics, source.batch if source else published.BATCH)
    below, references = _below_floor(view, read), results.references()
    rows = tuple(
        _row(
            view,
            row,
            cells,
            entry,
            source,
            voices=_voices(view, row, references),
            below_floor=BELOW_FLOOR if is_below else "",
        )
        for row, cells, entry, is_below in zip(view.rows, read, entries, below, strict=True)
    )
    moved = equivalent_fits.measured(_model_versions(view, read), view.budget, baselines)
    if moved is not None and not any(metric.name in moved.spread for metric in metrics):
        moved = None
    return Table(view, metrics, rows, source, moved)


class _Cells(NamedTuple):
    """The cells of one row and their scores.

    Attributes:
        folders: folders of the cells, one per seed.
        values: metric -> scores [seeds, clips], NaN where there is no value.
        failed: metric -> whether the value is missing because of the estimate [seeds, clips].
        missing: (metric, status) -> number of scores without a value.
        late: remark on late estimates, or "".
    """

    folders: Sequence[CellFolder]
    values: Mapping[str, NDArray[np.float64]]
    failed: Mapping[str, NDArray[np.bool_]]
    missing: Mapping[tuple[str, str], int]
    late: str


def _read(view: View, row: ViewRow, results: Results) -> _Cells:
    cells, clips = [results.folder(name) for name in row.cells], view.corpus(row).clips
    scores = [cell.scores() for cell in cells]
    values = {metric: frame.values(scores, clips, metric) for metric in view.metrics}
    failed = {metric: frame.failures(scores, clips, metric) for metric in view.metrics}
    return _Cells(cells, values, failed, _missing(scores, clips, view.metrics), late.remark(scores, clips))


def _model_versions(view: View, read: Sequence[_Cells]) -> dict[str, int]:
    """Return model -> version, for every row with a cell that was run."""
    versions = {}
    for row, cells in zip(view.rows, read, strict=True):
        for folder in cells.folders:
            # A cell with a garbled specification has scores all the same; only the remark on its model is left out.
            with contextlib.suppress(DataError):
                versions[row.model] = folder.spec().model.version
    return versions


def _entries(view: View, read: Sequence[_Cells], metrics: Sequence[MetricInfo], batch: int) -> list[dict[str, Entry]]:
    """Return metric -> entry for every row. Bold compares rows of one corpus and split, which have the same clips."""
    entries: list[dict[str, Entry]] = [{} for _ in read]
    for indices in _same_clips(view):
        for metric in metrics:
            arrays = [read[index].values[metric.name] for index in indices]
            bold = stats.best_rows(arrays, higher=metric.better == "higher")
            for index, array, best in zip(indices, arrays, bold, strict=True):
                penalised = stats.penalised_mean(array, read[index].failed[metric.name], metric.worst)
                entry = Entry(stats.summarise(array), best, _paper(array, batch), penalised, array)
                entries[index][metric.name] = entry
    return entries


def _same_clips(view: View) -> list[list[int]]:
    """Return the numbers of the rows of a view, those that are scored on the same clips together."""
    groups: dict[tuple[str, str], list[int]] = {}
    for index, row in enumerate(view.rows):
        groups.setdefault((row.corpus, view.split_of(row)), []).append(index)
    return list(groups.values())


def _below_floor(view: View, read: Sequence[_Cells]) -> list[bool]:
    """Return for every row whether it stands above none of the floors on its clips; floors themselves are not."""
    below = [False] * len(view.rows)
    for indices in _same_clips(view):
        models = {index: view.rows[index].model for index in indices}
        floor_values = {model: read[index].values for index, model in models.items() if model in FLOOR_MODELS}
        for index, model in models.items():
            below[index] = model not in FLOOR_MODELS and floors.below(read[index].values, floor_values)
    return below


def _voices(view: View, row: ViewRow, references: Mapping[tuple[str, str], Mapping[str, Any]]) -> int:
    """Return the number of different speakers of the clips of a row; 0 where the references do not name them."""
    corpus = view.corpus(row)
    named = (references.get((corpus.fingerprint, clip), {}).get("speaker") for clip in corpus.clips)
    return len({speaker for speaker in named if speaker})


def _paper(values: NDArray[np.float64], batch: int) -> float | None:
    """Return the mean of the published aggregator over the seeds for which it exists: [seeds, clips] -> number."""
    means = [mean for scores in values if (mean := stats.paper_mean(scores, batch)) is not None]
    return sum(means) / len(means) if means else None


def _row(
    view: View,
    row: ViewRow,
    cells: _Cells,
    entries: Mapping[str, Entry],
    source: published.PublishedTable | None,
    *,
    voices: int,
    below_floor: str,
) -> TableRow:
    corpus, absent = view.corpus(row), view.absent.get(row.corpus)
    wanted = set(corpus.clips)
    built = [facts for cell in cells.folders for clip, facts in cell.reconstructions().items() if clip in wanted]
    numbers = built[0]["numbers"] if built else None
    bits = [facts["bits"] for facts in built if facts["bits"] is not None]
    adopted = list(dict.fromkeys(name for cell in cells.folders if (name := cell.adopted())))
    bad = Counter(facts["status"] for facts in built if facts["status"] != "ok")
    reasons: list[str] = []
    if source and not absent:
        reasons = comparability.reasons(view, row, [cell.provenance() for cell in cells.folders], source)
    return TableRow(
        name=row.name,
        corpus=row.corpus,
        entries=entries,
        ratio=corpus.samples / numbers if numbers else None,
        numbers=numbers,
        kbit=sum(bits) / len(bits) / 1000 if bits else None,
        built=len(built),
        wanted=len(wanted) * len(cells.folders),
        bad=dict(sorted(bad.items())),
        missing=cells.missing,
        clipped=sum(facts["clipped"] for facts in built) / len(built) if built else 0.0,
        badge=", ".join([*([view.budget] if row.departures else []), *(["adopted"] if adopted else [])]),
        departures=row.departures,
        notes=(
            *([row.settings] if row.settings else []),
            *row.notes,
            *(f"adopted: not trained here; the network is {name}" for name in adopted),
            *([absent] if absent else []),
            *([cells.late] if cells.late else []),
            *(note for cell in cells.folders for note in cell.problems()),
        ),
        fit=_fit(cells.folders),
        printed=source.rows.get(row.published, {}) if source and row.published else {},
        reasons=tuple(reasons),
        costs=costs.costs(cells.folders, built, corpus.samples / corpus.sample_rate if corpus.sample_rate else 0.0),
        trained_on=row.trained_on,
        split=view.split_of(row),
        model=row.model,
        voices=voices,
        below_floor=below_floor,
    )


def _fit(cells: Sequence[CellFolder]) -> dict[str, Any]:
    """Return the facts of the training of the first seed that has any."""
    return next((facts for cell in cells if (facts := cell.fit())), {})


def _missing(scores: Sequence[Scores], clips: Sequence[str], metrics: Sequence[str]) -> dict[tuple[str, str], int]:
    """Count the scores without a value by metric and status, such as ("pesq", "no_utterances")."""
    versions = {name: info(name).version for name in metrics}
    statuses = (
        (name, score_status(cell, clip, name, version))
        for name, version in versions.items()
        for cell in scores
        for clip in clips
    )
    return dict(Counter((name, status) for name, status in statuses if status != "ok"))
