"""A table as a value: rows of summaries, the published rows apart, and every reason why the two are not comparable.

A pure function of results/ and baselines/.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from hsbench.analysis import comparability, frame, published, stats
from hsbench.metrics.base import MetricInfo, info
from hsbench.results.pending import score_status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from hsbench.results.cell_folder import CellFolder
    from hsbench.results.store import Results
    from hsbench.results.view import View, ViewRow

    Scores = Mapping[tuple[str, str, int], Mapping[str, Any]]


@dataclass(frozen=True)
class Entry:
    """One metric of one row.

    Attributes:
        summary: mean, interval and coverage.
        bold: whether it is the best, or not separable from it.
        paper: the mean as the published evaluation takes it, averaged over seeds; None where it gives none.
        values: [seeds, clips] in evaluation order, NaN where a clip has no value.
    """

    summary: stats.Summary
    bold: bool
    paper: float | None
    values: NDArray[np.float64] = field(repr=False, compare=False)


@dataclass(frozen=True)
class TableRow:
    """One model.

    Attributes:
        name: as shown.
        corpus: registered name.
        entries: metric -> entry.
        ratio: exact compression ratio, samples per stored number; None before anything is rebuilt.
        numbers: stored numbers per clip.
        kbit: stored kilobits per clip, mean over clips; None where a model does not say.
        built: clips rebuilt, over all seeds.
        wanted: clips wanted, over all seeds.
        bad: status -> clips whose fit did not go well.
        missing: status of missing scores -> how many.
        clipped: mean share of samples beyond full scale.
        badge: the budget's name where it departs from the paper's, else "".
        departures: where it departs.
        notes: what a reader must know of it, the reason of its absence included.
        fit: facts of the training that its clips share: generated, total, steps, clips_seen, seconds, and whatever else
            the model says; empty for a model without one.
        printed: metric -> the published value of this row.
        reasons: why it is not comparable with the published row; empty when it is.
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
    missing: Mapping[str, int]
    clipped: float
    badge: str
    departures: tuple[str, ...]
    notes: tuple[str, ...]
    fit: Mapping[str, Any]
    printed: Mapping[str, published.Printed]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """The table of one view.

    Attributes:
        view: what was asked for.
        metrics: in the order shown.
        rows: in the order shown.
        source: the published table, or None.
    """

    view: View
    metrics: tuple[MetricInfo, ...]
    rows: tuple[TableRow, ...]
    source: published.PublishedTable | None

    @property
    def title(self) -> str:
        """Heading, with the published table's number where there is one."""
        number = f"Table {self.view.table}: " if self.view.table else ""
        return number + self.view.title

    @property
    def batch(self) -> int:
        """Clips that the published evaluation averages at once."""
        return self.source.batch if self.source else published.BATCH

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every reason of every row, once."""
        return tuple(dict.fromkeys(reason for row in self.rows for reason in row.reasons))


def build(view: View, results: Results, baselines: Path | None = None) -> Table:
    """Make the table of one view.

    Args:
        view: what was asked for.
        results: the results folder that holds the view's cells.
        baselines: folder with the published numbers; the one that comes with hsbench by default.

    Raises:
        DataError: results or baselines are garbled.
    """
    metrics = tuple(info(name) for name in view.metrics)
    source = published.table(view.source, view.table, baselines) if view.source and view.table else None
    read = [_read(view, row, results) for row in view.rows]
    entries = _entries(view, [one.values for one in read], metrics, source.batch if source else published.BATCH)
    rows = tuple(_row(view, row, one, entry, source) for row, one, entry in zip(view.rows, read, entries, strict=True))
    return Table(view, metrics, rows, source)


class _Read(NamedTuple):
    """What the cells of one row hold.

    Attributes:
        cells: their folders, one per seed.
        values: metric -> [seeds, clips], NaN where there is no value.
        missing: metric and status -> number of scores without a value.
    """

    cells: Sequence[CellFolder]
    values: Mapping[str, NDArray[np.float64]]
    missing: Mapping[str, int]


def _read(view: View, row: ViewRow, results: Results) -> _Read:
    cells, clips = [results.folder(name) for name in row.cells], view.corpus(row).clips
    scores = [cell.scores() for cell in cells]
    values = {metric: frame.values(scores, clips, metric) for metric in view.metrics}
    return _Read(cells, values, _missing(scores, clips, view.metrics))


def _entries(
    view: View, values: Sequence[Mapping[str, NDArray[np.float64]]], metrics: Sequence[MetricInfo], batch: int
) -> list[dict[str, Entry]]:
    """Summarise every row; the best is sought among the rows of one corpus, whose clips are the same."""
    entries: list[dict[str, Entry]] = [{} for _ in values]
    for name in view.row_corpora():
        chosen = [index for index, row in enumerate(view.rows) if row.corpus == name]
        for metric in metrics:
            arrays = [values[index][metric.name] for index in chosen]
            bold = stats.best_rows(arrays, higher=metric.better == "higher")
            for index, array, best in zip(chosen, arrays, bold, strict=True):
                entries[index][metric.name] = Entry(stats.summarise(array), best, _paper(array, batch), array)
    return entries


def _paper(values: NDArray[np.float64], batch: int) -> float | None:
    """The published aggregator, averaged over the seeds that it gives a number for: [seeds, clips] -> number."""
    means = [mean for one in values if (mean := stats.paper_mean(one, batch)) is not None]
    return sum(means) / len(means) if means else None


def _row(
    view: View, row: ViewRow, read: _Read, entries: Mapping[str, Entry], source: published.PublishedTable | None
) -> TableRow:
    corpus, absent = view.corpus(row), view.absent.get(row.corpus)
    wanted = set(corpus.clips)
    built = [made for cell in read.cells for clip, made in cell.reconstructions().items() if clip in wanted]
    numbers = built[0]["numbers"] if built else None
    bits = [made["bits"] for made in built if made["bits"] is not None]
    bad = Counter(made["status"] for made in built if made["status"] != "ok")
    reasons: list[str] = []
    if source and not absent:
        reasons = comparability.reasons(view, row, [cell.provenance() for cell in read.cells], source)
    return TableRow(
        name=row.name,
        corpus=row.corpus,
        entries=entries,
        ratio=corpus.samples / numbers if numbers else None,
        numbers=numbers,
        kbit=sum(bits) / len(bits) / 1000 if bits else None,
        built=len(built),
        wanted=len(wanted) * len(read.cells),
        bad=dict(sorted(bad.items())),
        missing=read.missing,
        clipped=sum(made["clipped"] for made in built) / len(built) if built else 0.0,
        badge=view.budget if row.departures else "",
        departures=row.departures,
        notes=(*row.notes, *([absent] if absent else [])),
        fit=_fit(read.cells),
        printed=source.rows.get(row.published, {}) if source and row.published else {},
        reasons=tuple(reasons),
    )


def _fit(cells: Sequence[CellFolder]) -> dict[str, Any]:
    """Facts of the training of the first seed that has some."""
    return next((facts for cell in cells if (facts := cell.fit())), {})


def _missing(scores: Sequence[Scores], clips: Sequence[str], metrics: Sequence[str]) -> dict[str, int]:
    """Count the scores without a value: metric and status, such as "pesq no_utterances" -> number of scores."""
    versions = {name: info(name).version for name in metrics}
    statuses = (
        (name, score_status(found, clip, name, version))
        for name, version in versions.items()
        for found in scores
        for clip in clips
    )
    return dict(Counter(f"{name} {status}" for name, status in statuses if status != "ok"))
