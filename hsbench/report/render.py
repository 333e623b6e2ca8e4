"""Tables as Markdown, LaTeX (booktabs) and CSV. Each takes values and gives text."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from hsbench.report import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.metrics.base import MetricInfo
    from hsbench.report.table import Entry, Table, TableRow

PUBLISHED = "Published "
"""Begins the block of published values in Markdown."""

FOOT = "What these numbers do not tell: docs/limits.md, which is also a page of `hsbench report --format html`.\n"
"""Ends every report in Markdown."""

CSV_COLUMNS = (
    "experiment",
    "row",
    "metric",
    "mean",
    "ci_low",
    "ci_high",
    "n",
    "n_total",
    "published",
    "published_bound",
    "corpus",
    "budget",
    "protocol",
    "comparable",
)


def markdown(tables: Sequence[Table], *, foot: bool = True) -> str:
    """Markdown, readable as plain text too; without the foot, part of a larger page."""
    return "\n".join([*(_markdown(table) for table in tables), *([FOOT] if foot else [])])


def _markdown(table: Table) -> str:
    facts = text.fact_columns(table)
    head = ["model", "CR", *facts, "n", *(text.heading(metric) for metric in table.metrics)]
    lines = [["ideal", "", *("" for _ in facts), "", *(text.ideal(metric) for metric in table.metrics)]]
    for row in table.rows:
        cells = [_markdown_cell(row.entries[metric.name], metric) for metric in table.metrics]
        lines.append([text.label(row), text.ratio(row), *text.fact_cells(row, facts), text.count(row), *cells])
    parts = [f"### {table.title}", text.circumstances(table) + ".", grid(head, lines), text.reading(table)]
    if notes := text.notes(table):
        parts.append("\n".join(f"- {note}" for note in notes))
    if table.source is not None:
        head = ["published", *(text.heading(metric) for metric in table.metrics)]
        printed = [
            [row.name, *(text.printed(row.printed.get(metric.name)) for metric in table.metrics)]
            for row in table.rows
            if row.printed
        ]
        parts += [_verdict(table), grid(head, printed), text.caveats(table)]
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


def latex(tables: Sequence[Table]) -> str:
    """LaTeX tables for a document that loads booktabs and xcolor."""
    return "% needs \\usepackage{booktabs} and \\usepackage{xcolor}\n" + "\n".join(_latex(table) for table in tables)


def _latex(table: Table) -> str:
    facts = text.fact_columns(table)
    columns = "lrr" + "r" * (len(facts) + len(table.metrics))
    head = ["Model", "CR", *facts, "$n$", *(f"\\textbf{{{_tex(text.heading(metric))}}}" for metric in table.metrics)]
    ideals = [f"$\\rightarrow {text.ideal(metric)}$" if text.ideal(metric) else "" for metric in table.metrics]
    body = [
        _tex_line(head),
        _tex_line(["\\textit{Ideal metric behavior:}", "", *("" for _ in facts), "", *ideals]),
        "\\midrule",
    ]
    for row in table.rows:
        cells = [_latex_cell(row.entries[metric.name], metric) for metric in table.metrics]
        trained = text.fact_cells(row, facts)
        body.append(_tex_line([_tex(text.label(row)), text.ratio(row), *trained, text.count(row), *cells]))
    if table.source is not None:
        body += ["\\midrule", *_latex_published(table)]
    notes = [text.reading(table), *text.notes(table)]
    if table.source is not None:
        notes.append(text.caveats(table))
    if table.source is not None and table.reasons:
        notes.append(f"Published values ({table.source.source}) are not comparable: " + "; ".join(table.reasons) + ".")
    return "\n".join(
        [
            "\\begin{table}",
            "\\centering",
            f"\\caption{{{_tex(table.title)}. {_tex(_capital(text.circumstances(table)))}.}}",
            f"\\begin{{tabular}}{{{columns}}}",
            "\\toprule",
            *body,
            "\\bottomrule",
            "\\end{tabular}",
            *(f"\\par{{\\footnotesize {_tex(note)}}}" for note in notes),
            "\\end{table}",
            "",
        ]
    )


def _latex_published(table: Table) -> list[str]:
    lines = []
    for row in table.rows:
        if not row.printed:
            continue
        cells = [
            f"{row.name} (published)",
            "",
            *("" for _ in text.fact_columns(table)),
            "",
            *(text.printed(row.printed.get(m.name)) for m in table.metrics),
        ]
        tex = [_tex(cell).replace("<", "$<$") for cell in cells]
        lines.append(_tex_line([f"\\textcolor{{gray}}{{{cell}}}" if cell and row.reasons else cell for cell in tex]))
    return lines


def _latex_cell(entry: Entry, metric: MetricInfo) -> str:
    if entry.summary.mean is None:
        return f"-- {text.coverage(entry)}".strip()
    mean = text.number(entry.summary.mean, metric)
    interval, coverage = text.interval(entry, metric), text.coverage(entry)
    parts = [
        f"\\textbf{{{mean}}}" if entry.bold else mean,
        f"{{\\scriptsize {interval}}}" if interval else "",
        coverage,
    ]
    return " ".join(part for part in parts if part)


def _tex_line(cells: list[str]) -> str:
    return " & ".join(cells) + " \\\\"


_TEX = {
    "\\": "\\textbackslash{}",
    "{": "\\{",
    "}": "\\}",
    **{character: f"\\{character}" for character in "&%$#_"},
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
}


def _tex(plain: str) -> str:
    return "".join(_TEX.get(character, character) for character in plain)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def summary_csv(tables: Sequence[Table]) -> str:
    """One line per row and metric, the columns CSV_COLUMNS; published values are a column and never a row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for table in tables:
        for row in table.rows:
            for metric in table.metrics:
                summary, printed = row.entries[metric.name].summary, row.printed.get(metric.name)
                writer.writerow(
                    [
                        table.request["experiment"],
                        row.name,
                        metric.name,
                        *(_digits(value) for value in (summary.mean, summary.low, summary.high)),
                        summary.n,
                        summary.n_total,
                        "" if printed is None else _digits(printed.value),
                        "" if printed is None else printed.bound,
                        row.corpus,
                        table.request["budget"],
                        table.request["protocol"],
                        _comparable(table, row),
                    ]
                )
    return out.getvalue()


def _comparable(table: Table, row: TableRow) -> str:
    """The verdict, its reasons and where the training departs from the paper's, in one field."""
    if table.source is None:
        return "nothing published"
    return "no: " + " | ".join([*row.reasons, *row.departures]) if row.reasons else "yes"


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:.8g}"
