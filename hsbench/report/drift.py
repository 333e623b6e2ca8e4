"""A drift check as text for people, Markdown, JSON and JUnit XML."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from hsbench.drift.snapshot import LOSS, NUMBERS
from hsbench.drift.verdicts import EXIT, exit_code
from hsbench.metrics.base import info
from hsbench.report import text
from hsbench.report.markdown import grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.drift.verdicts import Line

    Circumstances = Sequence[str]

PLAIN = ("", NUMBERS, LOSS)
"""In place of a metric."""
READING = (
    "Means over the clips that both sides have a value for; difference: now - before, beside its 95 % bootstrap "
    "interval; floor: the noise floor of reruns, or the metric's tolerance where that is larger; p: of a "
    "sign-flip test over clips."
)


def plain(experiment: str, lines: Sequence[Line], circumstances: Circumstances) -> str:
    """For people: what is not `same`, then how many of each verdict."""
    shown = [line for line in lines if line.verdict != "same"]
    said = [f"{line.verdict:14} {_name(line)}: {_sentence(line)}" for line in shown]
    return "\n".join([*said, *circumstances, f"{experiment}: {summary(lines)}"]) + "\n"


def markdown(experiment: str, lines: Sequence[Line], circumstances: Circumstances) -> str:
    """A table with every line."""
    table = grid(_HEAD, [_cells(line) for line in lines])
    reasons = [f"- {_name(line)}: {line.reason}" for line in lines if line.reason]
    parts = [f"### Drift of {experiment}: {summary(lines)}", table, *(["\n".join(reasons)] if reasons else []), READING]
    return "\n\n".join([*parts, *(["\n".join(f"- {one}" for one in circumstances)] if circumstances else [])]) + "\n"


_HEAD = ["row", "tier", "metric", "n", "before", "now", "difference", "floor", "p", "verdict"]


def _cells(line: Line) -> list[str]:
    made = line.paired
    p = "" if line.p is None else f"{line.p:.2g}"
    floor = "" if line.floor is None else f"{line.floor:.3g}"
    means = [_value(line, made.a), _value(line, made.b)]
    return [line.row, line.tier, _metric(line), str(made.n), *means, _difference(line), floor, p, line.verdict]


def _sentence(line: Line) -> str:
    if line.paired.difference is None:
        return line.reason
    made = line.paired
    numbers = f"{_value(line, made.a)} -> {_value(line, made.b)}, {_difference(line)} over {made.n} pairs"
    limits = [f"floor {line.floor:.3g}"] if line.floor else []
    limits += [f"p {line.p:.2g}"] if line.p is not None else []
    return "; ".join([numbers, *limits, *([line.reason] if line.reason else [])])


def _difference(line: Line) -> str:
    made = line.paired
    if made.difference is None:
        return ""
    ends = "" if made.low is None or made.high is None else f" [{made.low:+.3g}, {made.high:+.3g}]"
    return f"{made.difference:+.3g}{ends}"


def _value(line: Line, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:g}" if line.metric in PLAIN else text.number(value, info(line.metric))


def _metric(line: Line) -> str:
    return line.metric if line.metric in PLAIN else text.heading(info(line.metric))


def _name(line: Line) -> str:
    return ", ".join(part for part in (line.row, line.metric, line.tier) if part)


def summary(lines: Sequence[Line]) -> str:
    """How many of each verdict, the most severe first."""
    counted = Counter(line.verdict for line in lines)
    ordered = sorted(counted, key=lambda verdict: (-EXIT[verdict], list(EXIT).index(verdict)))
    return ", ".join(f"{counted[verdict]} {verdict}" for verdict in ordered) or "nothing was compared"


def _record(line: Line) -> dict[str, Any]:
    flat = {**dataclasses.asdict(line), **dataclasses.asdict(line.paired)}
    del flat["paired"]
    return {name: flat.pop(name) for name in ("tier", "row", "metric", "verdict", "reason")} | flat


def as_json(experiment: str, lines: Sequence[Line], circumstances: Circumstances) -> str:
    """The same for programs; a missing number is null."""
    document = {
        "schema": 1,
        "experiment": experiment,
        "exit_code": exit_code(lines),
        "circumstances": list(circumstances),
        "lines": [_record(line) for line in lines],
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def junit(experiment: str, lines: Sequence[Line], circumstances: Circumstances) -> str:
    """A test suite with a case for every line: drift is a failure, what could not be judged an error."""
    severe = Counter(EXIT[line.verdict] for line in lines)
    counts = {"tests": len(lines), "failures": severe[1], "errors": severe[3]}
    suite = ET.Element("testsuite", {"name": f"hsbench check {experiment}", **{k: str(v) for k, v in counts.items()}})
    for line in lines:
        named = {"classname": f"{experiment}.{line.tier}.{line.row}", "name": line.metric or "row"}
        case = ET.SubElement(suite, "testcase", named)
        if (severity := EXIT[line.verdict]) != 0:
            found = ET.SubElement(case, "failure" if severity == 1 else "error", {"message": line.verdict})
            found.text = _sentence(line)
    ET.SubElement(suite, "system-out").text = "\n".join([summary(lines), *circumstances])
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


FORMATS = {"text": plain, "json": as_json, "markdown": markdown, "junit": junit}
