"""The outcome of a drift check as plain text, Markdown, JSON and JUnit XML."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from rich.console import Group

from hsbench.drift.snapshot import LOSS, NUMBERS
from hsbench.drift.verdicts import EXIT, exit_code
from hsbench.metrics.base import info
from hsbench.report import text
from hsbench.report.drawing import listing, paragraph
from hsbench.report.markdown import WIDTH, grid, items, wrapped
from hsbench.report.names import short
from hsbench.report.numbers import difference, significant, whole_or_significant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from hsbench.drift.verdicts import Line

    Circumstances = Sequence[str]

NO_METRIC = ("", NUMBERS, LOSS)
"""What a line can have instead of the name of a metric."""
READING = (
    "before and now: means over the n (seed, clip) pairs for which both the baseline and the results have a value; "
    "difference: now - before, with its 95 % bootstrap interval; floor: noise floor of reruns of the same code, or the "
    "metric's tolerance where that is larger; p: p-value of a sign-flip test over clips."
)


def plain(experiment: str, lines: Sequence[Line], circumstances: Circumstances) -> str:
    """Return every line whose verdict is not `same`, then the number of lines with each verdict.

    Args:
        experiment: registered name of the experiment.
        lines: the verdicts of the check.
        circumstances: sentences on what differs between the baseline and the results, such as versions.
    """
    shown = [line for line in lines if line.verdict != "same"]
    sentences = [f"{line.verdict:14} {_name(line)}: {_sentence(line)}" for line in shown]
    return "\n".join([*sentences, *circumstances, f"{experiment}: {summary(lines)}"]) + "\n"


def terminal(experiment: str, lines: Sequence[Line], circumstances: Circumstances, width: int | None) -> RenderableType:
    """Return what `plain` returns, as a table for a terminal.

    Args:
        experiment: registered name of the experiment.
        lines: the verdicts of the check.
        circumstances: sentences on what differs between the baseline and the results, such as versions.
        width: columns of the terminal; None for a table as wide as its texts.
    """
    room = width or WIDTH
    shown = [line for line in lines if line.verdict != "same"]
    parts: list[RenderableType] = []
    if shown:
        cells = [_cells(line) for line in shown]
        # What is left out first says how a verdict came about, not what it is.
        spare = [_HEAD.index(name) for name in ("n", "floor", "p", "tier")]
        parts += [listing(_HEAD, cells, width, wrapped=0, spare=spare, right=range(3, 9)), ""]
    parts += [paragraph(f"{_name(line)}: {line.reason}", room) for line in shown if line.reason]
    parts += [paragraph(sentence, room, "dim") for sentence in circumstances]
    return Group(*parts, paragraph(f"{experiment}: {summary(lines)}", room, "bold"))


def markdown(experiment: str, lines: Sequence[Line], circumstances: Circumstances) -> str:
    """Return a table with every line, the reasons, and how to read the table; arguments as for `plain`."""
    table = grid(_HEAD, [_cells(line) for line in lines])
    reasons = items([f"{_name(line)}: {line.reason}" for line in lines if line.reason])
    parts = [f"### Drift of {experiment}: {summary(lines)}", table, reasons, wrapped(READING), items(circumstances)]
    return "\n\n".join(part for part in parts if part) + "\n"


_HEAD = ["row", "tier", "metric", "n", "before", "now", "difference", "floor", "p", "verdict"]


def _cells(line: Line) -> list[str]:
    paired = line.paired
    p = "" if line.p is None else significant(line.p)
    floor = "" if line.floor is None else significant(line.floor)
    means = [_value(line, paired.a), _value(line, paired.b)]
    return [short(line.row), line.tier, _metric(line), str(paired.n), *means, _difference(line), floor, p, line.verdict]


def _sentence(line: Line) -> str:
    if line.paired.difference is None:
        return line.reason
    paired = line.paired
    pairs = text.counted(paired.n, "pair")
    numbers = f"{_value(line, paired.a)} -> {_value(line, paired.b)}, {_difference(line)} over {pairs}"
    limits = [f"floor {significant(line.floor)}"] if line.floor else []
    limits += [f"p {significant(line.p)}"] if line.p is not None else []
    return "; ".join([numbers, *limits, *([line.reason] if line.reason else [])])


def _difference(line: Line) -> str:
    paired = line.paired
    if paired.difference is None:
        return ""
    return difference(paired.difference, paired.low, paired.high)


def _value(line: Line, value: float | None) -> str:
    if value is None:
        return "-"
    return whole_or_significant(value) if line.metric in NO_METRIC else text.number(value, info(line.metric))


def _metric(line: Line) -> str:
    return line.metric if line.metric in NO_METRIC else text.heading(info(line.metric))


def _name(line: Line) -> str:
    return ", ".join(part for part in (short(line.row), line.metric, line.tier) if part)


def summary(lines: Sequence[Line]) -> str:
    """Return the number of lines with each verdict, the most severe first: "1 drifted-worse, 5 same"."""
    counted = Counter(line.verdict for line in lines)
    ordered = sorted(counted, key=lambda verdict: (-EXIT[verdict], list(EXIT).index(verdict)))
    return ", ".join(f"{counted[verdict]} {verdict}" for verdict in ordered) or "nothing was compared"


def _record(line: Line) -> dict[str, Any]:
    flat = {**dataclasses.asdict(line), **dataclasses.asdict(line.paired)}
    del flat["paired"]
    return {name: flat.pop(name) for name in ("tier", "row", "metric", "verdict", "reason")} | flat


def as_json(experiment: str, lines: Sequence[Line], circumstances: Circumstances) -> str:
    """Return everything as one JSON object; a missing number is null. Arguments as for `plain`."""
    document = {
        "schema": 1,
        "experiment": experiment,
        "exit_code": exit_code(lines),
        "circumstances": list(circumstances),
        "lines": [_record(line) for line in lines],
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def junit(experiment: str, lines: Sequence[Line], circumstances: Circumstances) -> str:
    """Return a JUnit test suite with a case for every line; arguments as for `plain`.

    Drift is a failure of the case. A line without a verdict (missing or incomparable) is an error.
    """
    severities = Counter(EXIT[line.verdict] for line in lines)
    counts = {"tests": len(lines), "failures": severities[1], "errors": severities[3]}
    suite = ET.Element("testsuite", {"name": f"hsbench check {experiment}", **{k: str(v) for k, v in counts.items()}})
    for line in lines:
        names = {"classname": f"{experiment}.{line.tier}.{line.row}", "name": line.metric or "row"}
        case = ET.SubElement(suite, "testcase", names)
        if (severity := EXIT[line.verdict]) != 0:
            outcome = ET.SubElement(case, "failure" if severity == 1 else "error", {"message": line.verdict})
            outcome.text = _sentence(line)
    ET.SubElement(suite, "system-out").text = "\n".join([summary(lines), *circumstances])
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


FORMATS = {"text": plain, "json": as_json, "markdown": markdown, "junit": junit}
