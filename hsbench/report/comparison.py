"""A comparison of two results folders as Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
import json
from typing import TYPE_CHECKING, Any

from hsbench.metrics.base import info
from hsbench.report import text
from hsbench.report.markdown import grid

if TYPE_CHECKING:
    from hsbench.analysis.comparisons import Comparison, Line

COLUMNS = ("experiment", "group", "row", "metric", "n", "a", "b", "difference", "low", "high", "verdict", "reason")
READING = (
    "Means over the clips (and seeds) that both sides have a value for; B - A with its 95 % bootstrap interval; the "
    "verdict is of B, and same means that the interval contains 0."
)


def markdown(made: Comparison) -> str:
    """A table per experiment and group, then what only one side has."""
    parts = []
    for (experiment, group), lines in itertools.groupby(made.lines, lambda line: (line.experiment, line.group)):
        found = list(lines)
        parts += [f"### {experiment}, {group}", grid(_HEAD, [_cells(line) for line in found])]
        if reasons := dict.fromkeys(f"- {line.row}, {line.metric}: {line.reason}" for line in found if line.reason):
            parts.append("\n".join(reasons))
    if made.compared:
        parts.append(READING)
    if made.alone:
        parts.append("\n".join(f"- only in {side}: {row} of {e}, {group}" for side, e, group, row in made.alone))
    return "\n\n".join(parts) + "\n"


_HEAD = ["row", "metric", "n", "A", "B", "B - A", "verdict"]


def _cells(line: Line) -> list[str]:
    facts, made = info(line.metric), line.paired
    a, b = ("-" if mean is None else text.number(mean, facts) for mean in (made.a, made.b))
    difference = "-" if made.difference is None else f"{made.difference:+.{facts.decimals}f}"
    if made.low is not None and made.high is not None:
        difference += f" [{made.low:+.{facts.decimals}f}, {made.high:+.{facts.decimals}f}]"
    return [line.row, text.heading(facts), str(made.n), a, b, difference, line.verdict]


def _record(line: Line) -> dict[str, Any]:
    """A line, flat, with the keys COLUMNS."""
    flat = {**dataclasses.asdict(line), **dataclasses.asdict(line.paired)}
    return {name: flat[name] for name in COLUMNS}


def comparison_csv(made: Comparison) -> str:
    """One line per row and metric; rows that one side lacks stand with the verdict "only in A" or "only in B"."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(_record(line) for line in made.lines)
    for side, experiment, group, row in made.alone:
        writer.writerow({"experiment": experiment, "group": group, "row": row, "verdict": f"only in {side}"})
    return out.getvalue()


def comparison_json(made: Comparison) -> str:
    """The same for programs; a missing number is null."""
    names = ("side", "experiment", "group", "row")
    alone = [dict(zip(names, one, strict=True)) for one in made.alone]
    return json.dumps({"schema": 1, "lines": [_record(line) for line in made.lines], "alone": alone}, indent=2) + "\n"
