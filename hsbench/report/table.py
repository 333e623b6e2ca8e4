"""A table as a value: rows of summaries, the published rows apart, and every reason why the two are not comparable.

A pure function of results/ and baselines/.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.analysis import comparable, frame, published, stats
from hsbench.metrics.base import MetricInfo, info

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hsbench.run.store import CellFolder, Results


@dataclass(frozen=True)
class Entry:
    """One metric of one row: its summary, and whether it is the best or not separable from it."""

    summary: stats.Summary
    bold: bool


@dataclass(frozen=True)
class TableRow:
    """One model.

    Attributes:
        name: as shown.
        entries: metric -> entry.
        ratio: exact compression ratio, samples per stored number; None before anything is rebuilt.
        numbers: stored numbers per clip.
        built: clips rebuilt, over all seeds.
        wanted: clips wanted, over all seeds.
        bad: status -> clips whose fit did not go well.
        missing: status of missing scores -> how many.
        clipped: mean share of samples beyond full scale.
        badge: the budget's name where it departs from the paper's, else "".
        departures: where it departs.
        printed: metric -> the published value of this row.
        reasons: why it is not comparable with the published row; empty when it is.
    """

    name: str
    entries: Mapping[str, Entry]
    ratio: float | None
    numbers: int | None
    built: int
    wanted: int
    bad: Mapping[str, int]
    missing: Mapping[str, int]
    clipped: float
    badge: str
    departures: tuple[str, ...]
    printed: Mapping[str, published.Printed]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One (corpus, budget, protocol) group of an experiment.

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
    scores = [[folder.scores() for folder in cells] for cells in folders]
    entries: list[dict[str, Entry]] = [{} for _ in folders]
    for metric in metrics:
        arrays = [frame.values(one, request["clips"], metric.name) for one in scores]
        bold = stats.best_rows(arrays, higher=metric.better == "higher")
        for index, array in enumerate(arrays):
            entries[index][metric.name] = Entry(stats.summarise(array), bold[index])
    rows = tuple(
        _row(request, row, cells, entry, _missing(one, request), source)
        for row, cells, entry, one in zip(request["rows"], folders, entries, scores, strict=True)
    )
    return Table(request, metrics, rows, source)


def _row(
    request: Mapping[str, Any],
    row: Mapping[str, Any],
    cells: list[CellFolder],
    entries: Mapping[str, Entry],
    missing: Mapping[str, int],
    source: published.PublishedTable | None,
) -> TableRow:
    wanted = set(request["clips"])
    built = [made for cell in cells for clip, made in cell.reconstructions().items() if clip in wanted]
    numbers = built[0]["numbers"] if built else None
    bad = [made["status"] for made in built if made["status"] != "ok"]
    provenances = [cell.provenance() for cell in cells]
    return TableRow(
        name=row["row"],
        entries=entries,
        ratio=request["samples"] / numbers if numbers else None,
        numbers=numbers,
        built=len(built),
        wanted=len(wanted) * len(cells),
        bad={status: bad.count(status) for status in sorted(set(bad))},
        missing=missing,
        clipped=sum(made["clipped"] for made in built) / len(built) if built else 0.0,
        badge=request["budget"] if row["departures"] else "",
        departures=tuple(row["departures"]),
        printed=source.rows.get(row["published"], {}) if source else {},
        reasons=tuple(comparable.reasons(request, row, provenances, source)) if source else (),
    )


def _missing(scores: list[dict[tuple[str, str, int], dict[str, Any]]], request: Mapping[str, Any]) -> dict[str, int]:
    """Status -> how many of the wanted scores have no value."""
    counts: dict[str, int] = {}
    for metric in request["metrics"]:
        version = info(metric).version
        for found in scores:
            for clip in request["clips"]:
                status = found.get((clip, metric, version), {"status": "not run"})["status"]
                if status != "ok":
                    counts[f"{metric} {status}"] = counts.get(f"{metric} {status}", 0) + 1
    return counts
