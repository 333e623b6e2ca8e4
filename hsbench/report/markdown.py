"""Tables as Markdown, with aligned columns so that they also read well as plain text."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from hsbench.report import summary, text
from hsbench.report.form import PLAIN
from hsbench.report.names import one_line, short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.metrics.base import MetricInfo
    from hsbench.report.form import Form
    from hsbench.report.table import Entry, Table

WIDTH = 100
"""Largest number of characters in a line of text; tables may be wider."""

PUBLISHED = "Published "
"""Start of the block of published values in Markdown."""

LIMITS = "What these numbers do not tell: docs/limits.md, also a page of `hsbench report --format html`."
"""Last line of every table for readers."""

FOOT = f"{LIMITS}\n"
"""Last line of every report in Markdown."""


def markdown(tables: Sequence[Table], form: Form = PLAIN, *, foot: bool = True) -> str:
    """Return tables as Markdown.

    Args:
        tables: the tables, in the order shown.
        form: which columns and which means to show.
        foot: whether the last line is FOOT; False for a part of a larger page.
    """
    return "\n".join([*(_markdown(table, form) for table in tables), *([FOOT] if foot else [])])


def _markdown(table: Table, form: Form) -> str:
    facts, metrics = [] if form.paper_columns else ["CR", *text.fact_columns(table), "n"], form.metrics(table)
    names = [text.heading(metric) for metric in metrics]
    lines = [["ideal", *("" for _ in facts), *(text.ideal(metric) for metric in metrics)]]
    for row in table.rows:
        values = [text.ratio(row), *text.fact_cells(row, facts[1:-1]), text.count(row)] if facts else []
        lines.append([text.label(row), *values, *(_markdown_cell(row.entries[m.name], m) for m in metrics)])
    parts = [
        f"### {one_line(table.title)}",
        wrapped(text.circumstances(table) + "."),
        *([wrapped(summary.budget(table))] if summary.budget(table) else []),
        grid(["model", *facts, *names], lines),
        wrapped(text.reading(table, form)),
    ]
    for added in text.added_means(table, form):
        means = [[text.label(row), *cells] for row, cells in zip(table.rows, added.cells, strict=True)]
        parts += [grid([added.heading, *names], means), wrapped(added.explanation)]
    if notes := text.notes(table):
        parts.append(items(notes))
    if table.source is not None:
        printed = [
            [short(row.name), *(text.printed(row.printed.get(metric.name)) for metric in metrics)]
            for row in table.rows
            if row.printed
        ]
        parts += [_verdict(table), grid(["published", *names], printed), wrapped(text.caveats(table))]
    return "\n\n".join(parts) + "\n"


def _verdict(table: Table) -> str:
    assert table.source is not None
    source = f"{PUBLISHED}({table.source.source})"
    if not table.reasons:
        return f"{source}, comparable:"
    return wrapped(f"{source}, **not comparable** with the rows above because of:") + "\n\n" + items(table.reasons)


def _markdown_cell(entry: Entry, metric: MetricInfo) -> str:
    if entry.summary.mean is None:
        return f"- {text.coverage(entry)}".strip()
    mean = text.number(entry.summary.mean, metric)
    parts = [f"**{mean}**" if entry.bold else mean, text.interval(entry, metric), text.coverage(entry)]
    return " ".join(part for part in parts if part)


def wrapped(words: str, indent: str = "") -> str:
    """Return a paragraph in lines of at most WIDTH characters.

    Args:
        words: the text of the paragraph.
        indent: what each line but the first starts with.
    """
    lines = textwrap.fill(words, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    # A line that starts with a sign such as "-" or "1." would start a list, so it stays on the line before.
    return re.sub(r"\n *(?=(?:[-+*#>=|]+|\d+[.)])(?:\s|$))", " ", lines)


def items(texts: Sequence[str]) -> str:
    """Return a list with one item per text."""
    return "\n".join(wrapped(f"- {words}", "  ") for words in texts)


def grid(head: list[str], lines: list[list[str]]) -> str:
    """Return a Markdown table with aligned columns, the first one on the left and the others on the right.

    A line break in a cell becomes a space, since it would end the line of the table.

    Args:
        head: headings of the columns.
        lines: cells of every line, as many as there are headings.
    """
    lines = [[one_line(cell).replace("|", "\\|") for cell in line] for line in [head, *lines]]
    widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(head))]

    def join(cells: list[str]) -> str:
        padded = [
            cells[0].ljust(widths[0]),
            *(c.rjust(w) for c, w in zip(cells[1:], widths[1:], strict=True)),
        ]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([join(lines[0]), join(rule), *(join(line) for line in lines[1:])])
