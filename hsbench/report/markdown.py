"""Tables as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.report import text
from hsbench.report.form import PLAIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.metrics.base import MetricInfo
    from hsbench.report.form import Form
    from hsbench.report.table import Entry, Table

PUBLISHED = "Published "
"""Begins the block of published values in Markdown."""

FOOT = "What these numbers do not tell: docs/limits.md, which is also a page of `hsbench report --format html`.\n"
"""Ends every report in Markdown."""


def markdown(tables: Sequence[Table], form: Form = PLAIN, *, foot: bool = True) -> str:
    """Markdown, readable as plain text too; without the foot, part of a larger page."""
    return "\n".join([*(_markdown(table, form) for table in tables), *([FOOT] if foot else [])])


def _markdown(table: Table, form: Form) -> str:
    facts, metrics = [] if form.paper_columns else ["CR", *text.fact_columns(table), "n"], form.metrics(table)
    names = [text.heading(metric) for metric in metrics]
    lines = [["ideal", *("" for _ in facts), *(text.ideal(metric) for metric in metrics)]]
    for row in table.rows:
        known = [text.ratio(row), *text.fact_cells(row, facts[1:-1]), text.count(row)] if facts else []
        lines.append([text.label(row), *known, *(_markdown_cell(row.entries[m.name], m) for m in metrics)])
    parts = [
        f"### {table.title}",
        text.circumstances(table) + ".",
        grid(["model", *facts, *names], lines),
        text.reading(table, form),
    ]
    if form.paper_means:
        means = [[text.label(row), *(text.paper_mean(row.entries[m.name], m) for m in metrics)] for row in table.rows]
        parts += [grid(["by the published aggregator", *names], means), text.aggregator(table)]
    if notes := text.notes(table):
        parts.append("\n".join(f"- {note}" for note in notes))
    if table.source is not None:
        printed = [
            [row.name, *(text.printed(row.printed.get(metric.name)) for metric in metrics)]
            for row in table.rows
            if row.printed
        ]
        parts += [_verdict(table), grid(["published", *names], printed), text.caveats(table)]
    return "\n\n".join(parts) + "\n"


def _verdict(table: Table) -> str:
    assert table.source is not None
    source = f"{PUBLISHED}({table.source.source})"
    if not table.reasons:
        return f"{source}, comparable:"
    return f"{source}, **not comparable** with the rows above:\n\n" + "\n".join(f"- {one}" for one in table.reasons)


def _markdown_cell(entry: Entry, metric: MetricInfo) -> str:
    if entry.summary.mean is None:
        return f"- {text.coverage(entry)}".strip()
    mean = text.number(entry.summary.mean, metric)
    parts = [f"**{mean}**" if entry.bold else mean, text.interval(entry, metric), text.coverage(entry)]
    return " ".join(part for part in parts if part)


def grid(head: list[str], lines: list[list[str]]) -> str:
    """A Markdown table with aligned columns; every column but the first is flush right."""
    lines = [[cell.replace("|", "\\|") for cell in line] for line in [head, *lines]]
    widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(head))]

    def join(cells: list[str]) -> str:
        padded = [
            cells[0].ljust(widths[0]),
            *(c.rjust(w) for c, w in zip(cells[1:], widths[1:], strict=True)),
        ]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([join(lines[0]), join(rule), *(join(line) for line in lines[1:])])
