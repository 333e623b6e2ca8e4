"""A comparison of two results folders, A and B, as Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
import json
from typing import TYPE_CHECKING, Any

from rich.console import Group

from hsbench.metrics.base import info
from hsbench.report import text
from hsbench.report.drawing import listing, paragraph
from hsbench.report.markdown import WIDTH, grid, items, wrapped
from hsbench.report.names import in_csv, one_line, short
from hsbench.report.numbers import difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from hsbench.analysis.comparisons import Comparison, Line

COLUMNS = (
    "experiment",
    "group",
    "row",
    "metric",
    "n",
    "a",
    "b",
    "difference",
    "low",
    "high",
    "verdict",
    "reason",
    "settings",
)
READING = (
    "n: number of (seed, clip) pairs for which both folders have a value; A and B: means over these pairs; B - A: mean "
    "paired difference with its 95 % bootstrap interval. The verdict is that of B relative to A: better or worse where "
    "the interval excludes 0, same where it contains 0."
)


def markdown(comparison: Comparison) -> str:
    """Return a table per experiment and group, how to read it, and the rows that only one folder has."""
    parts = []
    for (experiment, group), lines in itertools.groupby(comparison.lines, lambda line: (line.experiment, line.group)):
        table = list(lines)
        parts += [f"### {one_line(f'{experiment}, {group}')}", grid(_HEAD, [_cells(line) for line in table])]
        if remarks := _remarks(table):
            parts.append(items(remarks))
    if comparison.compared:
        parts.append(wrapped(READING))
    if comparison.alone:
        alone = (f"- only in {side}: {short(row)} of {e}, {group}" for side, e, group, row in comparison.alone)
        parts.append("\n".join(alone))
    return "\n\n".join(parts) + "\n"


def terminal(comparison: Comparison, width: int | None) -> RenderableType:
    """Return what `markdown` returns, drawn for a terminal.

    Args:
        comparison: the comparison.
        width: columns of the terminal; None for a table as wide as its texts.
    """
    parts: list[RenderableType] = []
    room = width or WIDTH
    for (experiment, group), lines in itertools.groupby(comparison.lines, lambda line: (line.experiment, line.group)):
        table = list(lines)
        cells = [_cells(line) for line in table]
        parts += [
            paragraph(one_line(f"{experiment}, {group}"), room, "bold"),
            listing(_HEAD, cells, width, wrapped=0, spare=[2], right=range(2, 6)),
            *(paragraph(remark, room) for remark in _remarks(table)),
            "",
        ]
    if comparison.compared:
        parts.append(paragraph(READING, room, "dim"))
    alone = (f"only in {side}: {short(row)} of {e}, {group}" for side, e, group, row in comparison.alone)
    return Group(*parts, *(paragraph(words, room) for words in alone))


def _remarks(lines: Sequence[Line]) -> list[str]:
    """Return the changed settings of rows and the reasons why rows are incomparable, each once."""
    settings = [f"{short(line.row)}: {line.settings}" for line in lines if line.settings]
    reasons = [f"{short(line.row)}, {line.metric}: {line.reason}" for line in lines if line.reason]
    return list(dict.fromkeys([*settings, *reasons]))


_HEAD = ["row", "metric", "n", "A", "B", "B - A", "verdict"]


def _cells(line: Line) -> list[str]:
    metric, paired = info(line.metric), line.paired
    a, b = ("-" if mean is None else text.number(mean, metric) for mean in (paired.a, paired.b))
    change = "-" if paired.difference is None else difference(paired.difference, paired.low, paired.high)
    return [short(line.row), text.heading(metric), str(paired.n), a, b, change, line.verdict]


def _record(line: Line) -> dict[str, Any]:
    """Return a line as a mapping with the keys COLUMNS."""
    flat = {**dataclasses.asdict(line), **dataclasses.asdict(line.paired)}
    return {name: flat[name] for name in COLUMNS}


def comparison_csv(comparison: Comparison) -> str:
    """Return one line per row and metric; a row of only one folder has the verdict "only in A" or "only in B".

    Names are written by names.in_csv.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    records = [_record(line) for line in comparison.lines]
    for side, experiment, group, row in comparison.alone:
        records.append({"experiment": experiment, "group": group, "row": row, "verdict": f"only in {side}"})
    for record in records:
        writer.writerow({name: in_csv(cell) if isinstance(cell, str) else cell for name, cell in record.items()})
    return out.getvalue()


def comparison_json(comparison: Comparison) -> str:
    """Return the lines, and the rows of only one folder, as one JSON object; a missing number is null."""
    names = ("side", "experiment", "group", "row")
    alone = [dict(zip(names, row, strict=True)) for row in comparison.alone]
    lines = [_record(line) for line in comparison.lines]
    return json.dumps({"schema": 1, "lines": lines, "alone": alone}, indent=2) + "\n"
