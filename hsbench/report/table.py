"""A table as a value: rows of summaries, the published rows apart, and every reason why the two are not comparable.

A pure function of results/ and baselines/.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from hsbench.analysis import comparability, frame, published, stats
from hsbench.metrics.base import MetricInfo, info

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from hsbench.results.store import CellFolder, Results

    Scores = dict[tuple[str, str, int], dict[str, Any]]

ABSENT: Mapping[str, Any] = MappingProxyType({"clips": (), "samples": 0})
"""Stands for a corpus that is not at hand."""


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
    """One (corpora, budget, protocol) group of an experiment.

    Attributes:
        request: the view's group.
        metrics: in the order shown.
        rows: in the order shown.
        source: the published table, or None.
    """

    request: Mapping[str, Any]
    metrics: tuple[MetricInfo, ...]
    rows: tuple[TableRow, ...]
    source: published.PublishedTable | None

    @property
    def title(self) -> str:
        """Heading, with the published table's number where there is one."""
        number = f"Table {self.request['table']}: " if self.request["table"] else ""
        return number + str(self.request["title"])

    @property
    def batch(self) -> int:
        """Clips that the published evaluation averages at once."""
        return self.source.batch if self.source else published.BATCH

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every reason of every row, once."""
        return tuple(dict.fromkeys(reason for row in self.rows for reason in row.reasons))


def build(request: Mapping[str, Any], results: Results, baselines: Path | None = None) -> Table:
    """Make the table of one group.

    Raises:
        DataError: results or baselines are garbled.
    """
    metrics = tuple(info(name) for name in request["metrics"])
    source = published.table(request["source"], request["table"], baselines) if request["table"] else None
    folders = [[results.folder(name) for name in row["cells"]] for row in request["rows"]]
    read = [_read(request, row, cells, metrics) for row, cells in zip(request["rows"], folders, strict=True)]
    entries = _entries(request, [one.values for one in read], metrics, source.batch if source else published.BATCH)
    rows = tuple(
        _row(request, row, cells, entry, one.missing, source)
        for row, cells, entry, one in zip(request["rows"], folders, entries, read, strict=True)
    )
    return Table(request, metrics, rows, source)


class _Read(NamedTuple):
    """What a row's scores come down to: [seeds, clips] of each metric, and how many lack a value."""

    values: Mapping[str, NDArray[np.float64]]
    missing: Mapping[str, int]


def _read(
    request: Mapping[str, Any], row: Mapping[str, Any], cells: list[CellFolder], metrics: tuple[MetricInfo, ...]
) -> _Read:
    clips, scores = request["corpora"].get(row["corpus"], ABSENT)["clips"], [cell.scores() for cell in cells]
    values = {metric.name: frame.values(scores, clips, metric.name) for metric in metrics}
    return _Read(values, _missing(scores, clips, request["metrics"]))


def _entries(
    request: Mapping[str, Any],
    values: list[Mapping[str, NDArray[np.float64]]],
    metrics: tuple[MetricInfo, ...],
    batch: int,
) -> list[dict[str, Entry]]:
    """Summaries of every row; the best is sought among the rows of one corpus, whose clips are the same."""
    entries: list[dict[str, Entry]] = [{} for _ in values]
    for name in dict.fromkeys(row["corpus"] for row in request["rows"]):
        chosen = [index for index, row in enumerate(request["rows"]) if row["corpus"] == name]
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
    request: Mapping[str, Any],
    row: Mapping[str, Any],
    cells: list[CellFolder],
    entries: Mapping[str, Entry],
    missing: Mapping[str, int],
    source: published.PublishedTable | None,
) -> TableRow:
    ground, absent = request["corpora"].get(row["corpus"], ABSENT), request["absent"].get(row["corpus"])
    wanted = set(ground["clips"])
    built = [made for cell in cells for clip, made in cell.reconstructions().items() if clip in wanted]
    numbers = built[0]["numbers"] if built else None
    bits = [made["bits"] for made in built if made["bits"] is not None]
    bad = [made["status"] for made in built if made["status"] != "ok"]
    provenances = [cell.provenance() for cell in cells]
    return TableRow(
        name=row["row"],
        corpus=row["corpus"],
        entries=entries,
        ratio=ground["samples"] / numbers if numbers else None,
        numbers=numbers,
        kbit=sum(bits) / len(bits) / 1000 if bits else None,
        built=len(built),
        wanted=len(wanted) * len(cells),
        bad={status: bad.count(status) for status in sorted(set(bad))},
        missing=missing,
        clipped=sum(made["clipped"] for made in built) / len(built) if built else 0.0,
        badge=request["budget"] if row["departures"] else "",
        departures=tuple(row["departures"]),
        notes=(*row["notes"], *([absent] if absent else [])),
        fit=_fit(cells),
        printed=source.rows.get(row["published"], {}) if source else {},
        reasons=tuple(comparability.reasons(request, ground, row, provenances, source))
        if source and not absent
        else (),
    )


def _fit(cells: list[CellFolder]) -> dict[str, Any]:
    """Facts of the training of the first seed that has some."""
    return next((facts for cell in cells if (facts := cell.fit())), {})


def _missing(scores: list[Scores], clips: Sequence[str], metrics: Sequence[str]) -> dict[str, int]:
    """Status -> how many of the wanted scores have no value."""
    counts: dict[str, int] = {}
    for metric in metrics:
        version = info(metric).version
        for found in scores:
            for clip in clips:
                status = found.get((clip, metric, version), {"status": "not run"})["status"]
                if status != "ok":
                    counts[f"{metric} {status}"] = counts.get(f"{metric} {status}", 0) + 1
    return counts
