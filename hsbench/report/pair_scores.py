"""Scores of pairs of sound files (reference, estimate) as an aligned table, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from hsbench.metrics.base import info
from hsbench.report import text
from hsbench.report.drawing import listing
from hsbench.report.names import in_csv, short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import RenderableType

    from hsbench.metrics.base import Score

    Scores = Mapping[str, Mapping[str, Score]]
    Summary = Mapping[str, Mapping[str, Any]]


FACTS = ("lag", "gain")
"""Facts of a pair: samples by which the estimate is late, and its factor (hsbench.audio.lag.alignment)."""
_BLANK = ("",) * len(FACTS)


def table(scores: Scores, summary: Summary) -> str:
    """Return one line per pair, then means, intervals and coverage; "" where there are no scores.

    Args:
        scores: clip -> metric -> score.
        summary: metric -> mean, ends of the interval, and the numbers of pairs: scored, left out of the mean, and all.
    """
    lines = _lines(scores, summary)
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    aligned = (
        "  ".join([line[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True))])
        for line in lines
    )
    return "\n".join(aligned) + "\n" if scores else ""


def terminal(scores: Scores, summary: Summary, width: int | None) -> RenderableType:
    """Return what `table` returns, drawn for a terminal.

    Args:
        scores: clip -> metric -> score.
        summary: as for `table`.
        width: columns of the terminal; None for a table as wide as its texts.
    """
    head, *lines = _lines(scores, summary)
    return listing(head, lines, width, wrapped=0, right=range(1, len(head))) if scores else ""


def _lines(scores: Scores, summary: Summary) -> list[list[str]]:
    """Return the headings, one line per pair, then means, intervals and coverage."""
    lines = [["clip", *summary, *FACTS]]
    for clip, row in scores.items():
        facts = _facts(next(iter(row.values()), None)).values()
        cells = (_cell(score.value, score.status, name) for name, score in row.items())
        lines.append([short(clip), *cells, *(_written(fact) or "-" for fact in facts)])
    for title in ("mean", "ci_low", "ci_high"):
        shown = [_cell(facts[title], "", name) for name, facts in summary.items()]
        if any(shown):
            lines.append([title, *shown, *_BLANK])
    if any(facts["left_out"] for facts in summary.values()):
        lines.append(["left_out", *(str(facts["left_out"]) for facts in summary.values()), *_BLANK])
    return [*lines, ["scored", *(f"{facts['n']}/{facts['n_total']}" for facts in summary.values()), *_BLANK]]


def as_json(scores: Scores, summary: Summary, problems: Sequence[str]) -> str:
    """Return scores, summary and problems as one JSON object; a missing value is null.

    Args:
        scores: clip -> metric -> score.
        summary: as for `table`.
        problems: sentences on files that could not be paired or read.
    """
    clips = {
        clip: {name: {"value": score.value, "status": score.status, **_facts(score)} for name, score in row.items()}
        for clip, row in scores.items()
    }
    return json.dumps({"clips": clips, "summary": summary, "problems": list(problems)}, indent=2) + "\n"


def as_csv(scores: Scores) -> str:
    """Return one line per pair and metric."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["clip", "metric", "value", "status", "seconds", "lag", "gain"])
    for clip, row in scores.items():
        for name, score in row.items():
            value = "" if score.value is None else f"{score.value:.8g}"
            facts = [_written(fact) for fact in _facts(score).values()]
            writer.writerow([in_csv(clip), name, value, score.status, f"{score.seconds:.4f}", *facts])
    return out.getvalue()


def _facts(score: Score | None) -> dict[str, float | None]:
    """Return lag [samples] and gain of a pair, which all its scores have; None where they are not known."""
    return dict.fromkeys(FACTS) if score is None else {name: getattr(score, name) for name in FACTS}


def _written(fact: float | None) -> str:
    """Return a fact as text; "" where it is not known."""
    return "" if fact is None else f"{fact:.4g}"


def _cell(value: float | None, status: str, metric: str) -> str:
    return status if value is None else text.number(value, info(metric))
