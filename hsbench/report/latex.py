"""Tables as LaTeX in the style of booktabs, with intervals below the means and remarks as footnotes.

Every table compiles in a document that loads PACKAGES. A table wider than the text is shrunk to the width of the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench.report import text
from hsbench.report.form import PLAIN
from hsbench.report.names import short
from hsbench.report.tex import escaped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.metrics.base import MetricInfo
    from hsbench.report.form import Form
    from hsbench.report.table import Entry, Table, TableRow

PACKAGES = ("booktabs", "graphicx", "textcomp", "xcolor")

DOCUMENT = """\\documentclass[a4paper]{{article}}
\\usepackage[T1]{{fontenc}}
\\IfFileExists{{lmodern.sty}}{{\\usepackage{{lmodern}}}}{{}}
\\usepackage[utf8]{{inputenc}}
\\usepackage[margin=2cm]{{geometry}}
{packages}
\\begin{{document}}
{body}
\\end{{document}}
"""


def latex(tables: Sequence[Table], form: Form = PLAIN) -> str:
    """Return tables for a document that loads PACKAGES or, with form.standalone, the whole document.

    Args:
        tables: the tables, in the order shown.
        form: which columns and which means to show, and whether to return a whole document.
    """
    bodies = [_table(table, form) for table in tables]
    if form.standalone:
        packages = "\n".join(f"\\usepackage{{{name}}}" for name in PACKAGES)
        return DOCUMENT.format(packages=packages, body="\n\\clearpage\n".join(bodies))
    return f"% needs \\usepackage{{{','.join(PACKAGES)}}} and \\usepackage[T1]{{fontenc}}\n" + "\n".join(bodies)


def _table(table: Table, form: Form) -> str:
    facts, metrics = [] if form.paper_columns else ["CR", *text.fact_columns(table), "n"], form.metrics(table)
    notes = _footnotes(table)
    blocks = [_head(facts, metrics), _ours(table, facts, metrics, notes)]
    blocks += [_added(table, facts, metrics, added) for added in text.added_means(table, form)]
    if table.source is not None:
        blocks.append(_published(table, facts, metrics))
    body = [line for block in blocks for line in ["\\midrule", *block]][1:]
    view = table.view
    words = [view.experiment, *view.corpora, view.budget, view.protocol]
    words += [] if view.train_corpus is None else ["trained on", view.train_corpus.name]
    name = re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower())
    published = f"; compare {table.source.source}" if table.source else ""
    return "\n".join(
        [
            "\\begin{table}[htbp]",
            "\\centering",
            f"\\caption{{{escaped(view.title + published)}. {escaped(text.capital(text.circumstances(table)))}.}}",
            f"\\label{{tab:{name}}}",
            # Shrinks a table that is wider than the text; a narrower one keeps its size.
            "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%",
            f"\\begin{{tabular}}{{l{'r' * len([*facts, *metrics])}}}",
            "\\toprule",
            *body,
            "\\bottomrule",
            "\\end{tabular}}",
            "\\par\\medskip",
            "\\begin{minipage}{\\linewidth}\\footnotesize\\raggedright",
            "\\par\n".join(_below(table, form, notes)),
            "\\end{minipage}",
            "\\end{table}",
            "",
        ]
    )


def _head(facts: Sequence[str], metrics: Sequence[MetricInfo]) -> list[str]:
    names = ["$n$" if fact == "n" else escaped(fact) for fact in facts]
    ideals = [f"$\\rightarrow {text.ideal(metric)}$" if text.ideal(metric) else "" for metric in metrics]
    return [
        _line(["Model", *names, *(f"\\textbf{{{escaped(text.heading(metric))}}}" for metric in metrics)]),
        _line(["\\textit{Ideal metric behavior:}", *("" for _ in facts), *ideals]),
    ]


def _ours(table: Table, facts: Sequence[str], metrics: Sequence[MetricInfo], notes: Sequence[Footnote]) -> list[str]:
    """Return two lines per row: means with coverage, then their intervals in small print."""
    lines = []
    for row in table.rows:
        entries = [(row.entries[metric.name], metric) for metric in metrics]
        marks = ",".join(note.mark for note in notes if any(row is marked for marked in note.rows))
        name = escaped(text.label(row)) + (f"\\textsuperscript{{{marks}}}" if marks else "")
        lines.append(_line([name, *_fact_cells(row, facts), *(_mean(entry, metric) for entry, metric in entries)]))
        intervals = [text.interval(entry, metric) for entry, metric in entries]
        if any(intervals):
            small = [f"{{\\scriptsize {_signs(interval)}}}" if interval else "" for interval in intervals]
            lines[-1] += "[-0.4ex]"
            lines.append(_line(["", *("" for _ in facts), *small]) + "[0.4ex]")
    return lines


def _fact_cells(row: TableRow, facts: Sequence[str]) -> list[str]:
    if not facts:
        return []
    return [text.ratio(row), *text.fact_cells(row, list(facts[1:-1])), text.count(row)]


def _mean(entry: Entry, metric: MetricInfo) -> str:
    if entry.summary.mean is None:
        return f"-- {text.coverage(entry)}".strip()
    mean = _number(text.number(entry.summary.mean, metric))
    if entry.bold:
        mean = f"\\textbf{{{mean}}}"
    return f"{mean} {text.coverage(entry)}".strip()


def _number(digits: str) -> str:
    """Return a number with a proper minus sign in place of a hyphen, and with the sign of a bound as mathematics."""
    return _signs(f"$-${digits[1:]}" if digits.startswith("-") else digits)


def _signs(digits: str) -> str:
    """Return digits with powers of ten, < and > as mathematics; as text some fonts show others for the latter."""
    powers = re.sub(r"(?<=\d)e([+-]\d+)", lambda power: f"$\\cdot 10^{{{int(power[1])}}}$", digits)
    return powers.replace("<", "$<$").replace(">", "$>$")


def _added(table: Table, facts: Sequence[str], metrics: Sequence[MetricInfo], added: text.AddedMeans) -> list[str]:
    """Return the block of means of another kind, without intervals."""
    lines = [_banner(f"{text.capital(added.heading)}:", len(facts) + len(metrics) + 1)]
    for row, means in zip(table.rows, added.cells, strict=True):
        cells = ["--" if mean == "-" else _number(mean) for mean in means]
        lines.append(_line([escaped(text.label(row)), *("" for _ in facts), *cells]))
    return lines


def _published(table: Table, facts: Sequence[str], metrics: Sequence[MetricInfo]) -> list[str]:
    """Return the published values; grey where they are not comparable."""
    grey = bool(table.reasons)
    lines = [_banner(f"Published{' (not comparable)' if grey else ''}:", len(facts) + len(metrics) + 1, grey=grey)]
    for row in table.rows:
        if row.printed:
            printed = [text.printed(row.printed.get(metric.name)) for metric in metrics]
            cells = [
                escaped(short(row.name)),
                *("" for _ in facts),
                *(_number(value) for value in printed),
            ]
            lines.append(_line([f"\\textcolor{{gray}}{{{cell}}}" if grey and cell else cell for cell in cells]))
    return lines


def _banner(words: str, columns: int, *, grey: bool = False) -> str:
    words = f"\\textcolor{{gray}}{{\\textit{{{words}}}}}" if grey else f"\\textit{{{words}}}"
    return f"\\multicolumn{{{columns}}}{{l}}{{{words}}} \\\\"


def _line(cells: Sequence[str]) -> str:
    """Return one line of the table.

    A first cell that begins with "[" or "*" would be read as an argument of the line break before it; an empty group in
    front of it prevents that.
    """
    first = "{}" + cells[0] if cells[0][:1] in ("[", "*") else cells[0]
    return " & ".join([first, *cells[1:]]) + " \\\\"


@dataclass(frozen=True)
class Footnote:
    """A footnote.

    Attributes:
        mark: superscript in the table and below it.
        text: the remark, without a full stop.
        rows: the rows that have the mark.
    """

    mark: str
    text: str
    rows: list[TableRow]


def _footnotes(table: Table) -> list[Footnote]:
    """Return one footnote per remark, with the marks a, b, ..., z, aa, bb, ..."""
    rows: dict[str, list[TableRow]] = {}
    for remark in text.remarks(table):
        rows.setdefault(remark.text, []).extend(remark.rows)
    return [
        Footnote(chr(97 + number % 26) * (1 + number // 26), remark, marked)
        for number, (remark, marked) in enumerate(rows.items())
    ]


def _below(table: Table, form: Form, notes: Sequence[Footnote]) -> list[str]:
    """Return the paragraphs below the table."""
    paragraphs = [escaped(text.reading(table, form))]
    paragraphs += [escaped(added.explanation) for added in text.added_means(table, form)]
    paragraphs += [f"\\textsuperscript{{{note.mark}}} {escaped(note.text)}." for note in notes]
    if table.source is not None:
        paragraphs.append(escaped(text.caveats(table)))
        if table.reasons:
            reasons = "; ".join(table.reasons)
            paragraphs.append(escaped(f"Published values ({table.source.source}) are not comparable: {reasons}."))
        else:
            paragraphs.append(escaped(f"Published: {table.source.source}."))
    return paragraphs
