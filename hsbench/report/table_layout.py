"""The layout of a table of results on a terminal: which columns there is room for, and how wide each one is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench.report import text
from hsbench.report.drawing import GAP
from hsbench.report.names import short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.metrics.base import MetricInfo
    from hsbench.report.form import Form
    from hsbench.report.table import Table, TableRow

IDEAL = "ideal"
"""Label of the row with the ideal value of each metric."""
RATIO, COUNT = "CR", "n"
"""Headings of the compression ratio and of the number of clips."""
SPARE = ("total", "generated", "steps", "numbers", COUNT)
"""Columns of facts that may be left out, the first to go first."""
LABEL = 12
"""Width below which labels are not wrapped."""


@dataclass(frozen=True)
class Layout:
    """The layout of one table.

    Attributes:
        facts: headings of the columns between the labels and the metrics.
        blocks: the metrics, in one block or, where they do not fit side by side, in several.
        widths: width of the column of each fact and of each metric, by heading and by registered name.
        label_width: width of the column of labels.
        intervals: whether there is room for the intervals.
        left_out: headings of the columns that there is no room for.
    """

    facts: tuple[str, ...]
    blocks: tuple[tuple[MetricInfo, ...], ...]
    widths: dict[str, int]
    label_width: int
    intervals: bool
    left_out: tuple[str, ...]

    @property
    def label_and_facts(self) -> int:
        """Width of the labels and facts together."""
        return self.label_width + sum(GAP + self.widths[fact] for fact in self.facts)

    def fact_cells(self, row: TableRow) -> list[str]:
        """Return the cells of a row between its label and its metrics."""
        return [_fact(row, fact) for fact in self.facts]


def layout(table: Table, form: Form, width: int | None) -> Layout:
    """Return the layout of a table.

    Args:
        table: the table.
        form: which columns to show.
        width: columns of the terminal; None for as many as the table needs.
    """
    facts = [] if form.paper_columns else [RATIO, *text.fact_columns(table), COUNT]
    metrics = form.metrics(table)
    widths = {fact: max(map(len, (fact, *(_fact(row, fact) for row in table.rows)))) for fact in facts}
    label = max(map(len, (IDEAL, *(short(row.name) for row in table.rows))))

    def needed(intervals: bool) -> int:
        columns = [*(widths[fact] for fact in facts), *(_width(table, metric, intervals) for metric in metrics)]
        return label + sum(GAP + column for column in columns)

    intervals = width is None or needed(intervals=True) <= width
    hidden = []
    for fact in SPARE:
        if width is not None and fact in facts and needed(intervals) > width:
            facts.remove(fact)
            hidden.append(fact)
    widths |= {metric.name: _width(table, metric, intervals) for metric in metrics}
    natural = label
    if width is not None:
        label = max(min(natural, LABEL), natural - max(0, needed(intervals) - width))
    before = label + sum(GAP + widths[fact] for fact in facts)
    blocks = _blocks(metrics, widths, None if width is None else width - before)
    if width is not None and len(blocks) > 1:  # then there is room for labels again
        before += min(natural, max(LABEL, width // 2)) - label
        label = min(natural, max(LABEL, width // 2))
        blocks = _blocks(metrics, widths, width - before)
    return Layout(tuple(facts), blocks, widths, label, intervals, tuple(hidden))


def _width(table: Table, metric: MetricInfo, intervals: bool) -> int:
    """Return the width of a metric's column: its longest value, coverage, published value or word of its heading."""
    texts = [*text.heading(metric).split(), text.ideal(metric)]
    for row in table.rows:
        entry = row.entries[metric.name]
        mean, spread = entry.summary.mean, text.interval(entry, metric) if intervals else ""
        texts.append("-" if mean is None else text.number(mean, metric))
        texts.append(f"{spread} {text.coverage(entry)}".strip())
        texts.append(text.printed(row.printed.get(metric.name)))
        texts += [text.number(value, metric) for value in (entry.paper, entry.penalised) if value is not None]
    return max(map(len, texts))


def _blocks(
    metrics: Sequence[MetricInfo], widths: dict[str, int], room: int | None
) -> tuple[tuple[MetricInfo, ...], ...]:
    """Return the metrics in as few blocks as fit into some columns of the terminal; None for any number of columns."""
    blocks: list[list[MetricInfo]] = [[]]
    used = 0
    for metric in metrics:
        needed = GAP + widths[metric.name]
        if room is not None and blocks[-1] and used + needed > room:
            blocks.append([])
            used = 0
        blocks[-1].append(metric)
        used += needed
    return tuple(map(tuple, blocks))


def _fact(row: TableRow, fact: str) -> str:
    if fact == RATIO:
        return text.ratio(row)
    return text.count(row) if fact == COUNT else text.fact_cells(row, [fact])[0]
