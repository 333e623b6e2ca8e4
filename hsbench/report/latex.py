"""Tables as LaTeX: booktabs, the paper's row of ideals, intervals below the means, footnotes for whatever must be said.

Every table compiles as it stands in a document that loads PACKAGES, and shrinks to the text's width where it is wider.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench.report import text
from hsbench.report.form import PLAIN
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
    """Tables for a document that loads PACKAGES or, standalone, that document."""
    made = [_table(table, form) for table in tables]
    if form.standalone:
        packages = "\n".join(f"\\usepackage{{{name}}}" for name in PACKAGES)
        return DOCUMENT.format(packages=packages, body="\n\\clearpage\n".join(made))
    return f"% needs \\usepackage{{{','.join(PACKAGES)}}} and \\usepackage[T1]{{fontenc}}\n" + "\n".join(made)


def _table(table: Table, form: Form) -> str:
    facts, metrics = [] if form.paper_columns else ["CR", *text.fact_columns(table), "n"], form.metrics(table)
    notes = _footnotes(table)
    blocks = [_head(facts, metrics), _ours(table, facts, metrics, notes)]
    if form.paper_means:
        blocks.append(_by_paper(table, facts, metrics))
    if table.source is not None:
        blocks.append(_published(table, facts, metrics))
    body = [line for block in blocks for line in ["\\midrule", *block]][1:]
    view = table.view
    words = [view.experiment, *view.corpora, view.budget, view.protocol]
    name = re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower())
    answers = f"; compare {table.source.source}" if table.source else ""
    return "\n".join(
        [
            "\\begin{table}[htbp]",
            "\\centering",
            f"\\caption{{{escaped(view.title + answers)}. {escaped(_capital(text.circumstances(table)))}.}}",
            f"\\label{{tab:{name}}}",
            # A table wider than the text is shrunk to it, a narrower one stays as it is.
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
    """Two lines a row: means with coverage, then their intervals in small print."""
    lines = []
    for row in table.rows:
        entries = [(row.entries[metric.name], metric) for metric in metrics]
        marks = ",".join(note.mark for note in notes if any(row is one for one in note.rows))
        name = escaped(text.label(row)) + (f"\\textsuperscript{{{marks}}}" if marks else "")
        lines.append(_line([name, *_fact_cells(row, facts), *(_mean(*one) for one in entries)]))
        intervals = [text.interval(*one) for one in entries]
        if any(intervals):
            small = [f"{{\\scriptsize {one}}}" if one else "" for one in intervals]
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
    """Digits with a minus sign that is one."""
    return f"$-${digits[1:]}" if digits.startswith("-") else digits


def _by_paper(table: Table, facts: Sequence[str], metrics: Sequence[MetricInfo]) -> list[str]:
    lines = [_banner("By the published aggregator:", len(facts) + len(metrics) + 1)]
    for row in table.rows:
        entries = [(row.entries[metric.name], metric) for metric in metrics]
        cells = ["--" if one.paper is None else _number(text.paper_mean(one, metric)) for one, metric in entries]
        lines.append(_line([escaped(text.label(row)), *("" for _ in facts), *cells]))
    return lines


def _published(table: Table, facts: Sequence[str], metrics: Sequence[MetricInfo]) -> list[str]:
    """The printed values; grey where they may not be compared."""
    grey = bool(table.reasons)
    lines = [_banner(f"Published{' (not comparable)' if grey else ''}:", len(facts) + len(metrics) + 1, grey=grey)]
    for row in table.rows:
        if row.printed:
            printed = [text.printed(row.printed.get(metric.name)) for metric in metrics]
            cells = [escaped(row.name), *("" for _ in facts), *(_number(one).replace("<", "$<$") for one in printed)]
            lines.append(_line([f"\\textcolor{{gray}}{{{cell}}}" if grey and cell else cell for cell in cells]))
    return lines


def _banner(words: str, columns: int, *, grey: bool = False) -> str:
    words = f"\\textcolor{{gray}}{{\\textit{{{words}}}}}" if grey else f"\\textit{{{words}}}"
    return f"\\multicolumn{{{columns}}}{{l}}{{{words}}} \\\\"


def _line(cells: Sequence[str]) -> str:
    """A row; a name that begins like an argument of the line break before it is kept from being one."""
    first = "{}" + cells[0] if cells[0][:1] in ("[", "*") else cells[0]
    return " & ".join([first, *cells[1:]]) + " \\\\"


@dataclass(frozen=True)
class Footnote:
    """A mark, the sentence behind it, and the rows that bear it."""

    mark: str
    said: str
    rows: list[TableRow]


def _footnotes(table: Table) -> list[Footnote]:
    """One per sentence, marked a, b, ..., z, aa, ..."""
    rows: dict[str, list[TableRow]] = {}
    for remark in text.remarks(table):
        rows.setdefault(remark.text, []).extend(remark.rows)
    return [
        Footnote(chr(97 + number % 26) * (1 + number // 26), said, found)
        for number, (said, found) in enumerate(rows.items())
    ]


def _below(table: Table, form: Form, notes: Sequence[Footnote]) -> list[str]:
    """What stands under the table, one paragraph each."""
    found = [escaped(text.reading(table, form))]
    if form.paper_means:
        found.append(escaped(text.aggregator(table)))
    found += [f"\\textsuperscript{{{note.mark}}} {escaped(note.said)}." for note in notes]
    if table.source is not None:
        found.append(escaped(text.caveats(table)))
        if table.reasons:
            reasons = "; ".join(table.reasons)
            found.append(escaped(f"Published values ({table.source.source}) are not comparable: {reasons}."))
        else:
            found.append(escaped(f"Published: {table.source.source}."))
    return found


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
