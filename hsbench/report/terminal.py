"""Tables of results on a terminal: the same numbers as in Markdown, drawn to its width.

Where there is no room for everything, the intervals are left out first, then columns of facts; then labels are wrapped,
and at last the metrics are spread over several tables. Remarks are folded into one line, except for those without which
a row would be misread: changed settings, and that a row does not exceed a floor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from hsbench.report import summary, text
from hsbench.report.drawing import add_column, empty_table, left_out, paragraph
from hsbench.report.markdown import LIMITS
from hsbench.report.markdown import WIDTH as READABLE
from hsbench.report.names import one_line, short
from hsbench.report.table_layout import IDEAL, layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType
    from rich.table import Table as Drawing

    from hsbench.metrics.base import MetricInfo
    from hsbench.report.form import Form
    from hsbench.report.table import Entry, Table
    from hsbench.report.table_layout import Layout


def terminal(tables: Sequence[Table], form: Form, width: int | None) -> RenderableType:
    """Return tables for a terminal.

    Args:
        tables: the tables, in the order shown.
        form: which columns and which means to show.
        width: columns of the terminal; None shows everything, however wide.
    """
    parts = [part for table in tables for part in _table(table, form, width)]
    return Group(*parts, paragraph(LIMITS, width or READABLE, "dim"))


def _table(table: Table, form: Form, width: int | None) -> Iterator[RenderableType]:
    room, wide = width or READABLE, width is None
    chosen = layout(table, form, width)
    yield paragraph(one_line(table.title), room, "bold")
    yield paragraph(text.capital(text.circumstances(table)) + ".", room, "dim")
    if sentence := summary.budget(table):
        yield paragraph(sentence, room, "dim")
    for metrics in chosen.blocks:
        yield ""
        yield _ours(table, chosen, metrics)
    added_means = text.added_means(table, form)
    for added in added_means:
        yield ""
        yield paragraph(text.capital(added.heading) + ":", room)
        means = [(short(row.name), cells) for row, cells in zip(table.rows, added.cells, strict=True)]
        yield from _plain(means, chosen)
    yield from _published(table, chosen, room)
    yield ""
    if chosen.left_out:
        yield left_out(chosen.left_out, room)
    if wide:
        below = [text.reading(table, form), *(added.explanation for added in added_means), *_gathered(table)]
        below += _verdict(table)
    else:
        below = ["Bold: the best row, and every row not separable from it.", *_urgent(table), *_folded(table, chosen)]
    for words in below:
        yield paragraph(words, room, "dim")
    yield ""


def _ours(table: Table, chosen: Layout, metrics: Sequence[MetricInfo]) -> RenderableType:
    """Return the measured values: the means in bold where they are best, intervals dimmed below them."""
    drawing = _head(chosen, metrics, facts=True)
    ideals = [Text(text.ideal(metric)) for metric in metrics]
    drawing.add_row(Text(IDEAL), *(Text() for _ in chosen.facts), *ideals, style="dim")
    for row in table.rows:
        facts = [Text(cell) for cell in chosen.fact_cells(row)]
        means = [_mean(row.entries[metric.name], metric, intervals=chosen.intervals) for metric in metrics]
        drawing.add_row(Text(short(row.name)), *facts, *means, style="dim" if row.below_floor else "")
    return drawing


def _head(chosen: Layout, metrics: Sequence[MetricInfo], *, facts: bool) -> Drawing:
    """Return a table with its headings; without facts, their width is added to the labels, so that metrics align."""
    drawing = empty_table()
    add_column(drawing, Text("row"), chosen.label_width if facts else chosen.label_and_facts, right=False)
    for fact in chosen.facts if facts else ():
        add_column(drawing, Text(fact), chosen.widths[fact], right=True)
    for metric in metrics:
        add_column(drawing, Text(text.heading(metric)), chosen.widths[metric.name], right=True)
    return drawing


def _mean(entry: Entry, metric: MetricInfo, *, intervals: bool) -> Text:
    """Return a mean and, on a second line, its interval if wanted and its coverage if it is not complete."""
    mean = entry.summary.mean
    shown = Text("-" if mean is None else text.number(mean, metric), style="bold" if entry.bold else "")
    parts = [text.interval(entry, metric) if intervals and mean is not None else "", text.coverage(entry)]
    if below := " ".join(part for part in parts if part):
        return Text("\n").join([shown, Text(below, style="dim")])
    return shown


def _plain(rows: Sequence[tuple[str, Sequence[str]]], chosen: Layout, style: str = "") -> Iterator[RenderableType]:
    """Yield values without intervals, aligned with the measured ones.

    Args:
        rows: label of each row, and its value in every metric.
        chosen: the layout of the measured values.
        style: style of the rows.
    """
    start = 0
    for metrics in chosen.blocks:
        drawing = _head(chosen, metrics, facts=False)
        for label, values in rows:
            cells = values[start : start + len(metrics)]
            drawing.add_row(Text(label), *(Text(cell) for cell in cells), style=style)
        start += len(metrics)
        yield drawing


def _published(table: Table, chosen: Layout, room: int) -> Iterator[RenderableType]:
    """Yield the published values; dimmed, and with a heading that says so, where they are not comparable."""
    if table.source is None:
        return
    verdict = "not comparable" if table.reasons else "comparable"
    yield ""
    yield paragraph(f"Published ({table.source.source}), {verdict}:", room)
    metrics = [metric for block in chosen.blocks for metric in block]
    rows = [
        (short(row.name), [text.printed(row.printed.get(metric.name)) for metric in metrics])
        for row in table.rows
        if row.printed
    ]
    yield from _plain(rows, chosen, "dim" if table.reasons else "")


def _verdict(table: Table) -> list[str]:
    """Return why the published values are not comparable, and what is known of them."""
    reasons = [f"Not comparable with the published values because of: {'; '.join(table.reasons)}."]
    caveats = text.caveats(table)
    return [*(reasons if table.reasons else []), *([caveats] if caveats else [])]


def _gathered(table: Table, *, urgent: bool | None = None) -> list[str]:
    """Return the remarks on the rows, one line for all rows that share a remark.

    Args:
        table: the table.
        urgent: whether to return those remarks alone that are never folded, or all others; None for all.
    """
    never_folded = {row.below_floor for row in table.rows} | {row.settings for row in table.view.rows}
    subjects: dict[str, list[str]] = {}
    for remark in text.remarks(table):
        if urgent is None or (remark.text in never_folded) == urgent:
            names = [short(row.name) for row in remark.rows] if len(remark.rows) == 1 else [remark.subject]
            subjects.setdefault(remark.text, []).extend(names)
    return [f"{_names(names, table)}: {words}." for words, names in subjects.items()]


def _names(names: Sequence[str], table: Table) -> str:
    """Return the subjects of a remark in one text, "all rows" where it is about every row."""
    every = {short(row.name) for row in table.rows}
    return "all rows" if len(every) > 1 and every <= set(names) else ", ".join(names)


def _urgent(table: Table) -> list[str]:
    """Return the remarks without which a row would be misread."""
    return _gathered(table, urgent=True)


def _folded(table: Table, chosen: Layout) -> list[str]:
    """Return a line that says what is not shown and how to see it; nothing where all is shown."""
    notes = len(_gathered(table, urgent=False))
    counts = [] if chosen.intervals else ["intervals"]
    counts += [text.counted(notes, "note")] if notes else []
    counts += [f"{text.counted(len(table.reasons), 'reason')} why nothing is comparable"] if table.reasons else []
    counts += [f"notes on {table.source.source}"] if table.source is not None and text.caveats(table) else []
    return [f"Not shown: {', '.join(counts)}; --wide shows them."] if counts else []
