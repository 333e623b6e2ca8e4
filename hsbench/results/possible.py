"""Which numbers a results folder can hold; a number that is not possible is named and left out, as if it were missing.

A file of the right form may still hold a number that no measurement gives, such as a negative payload or a PESQ of 99:
it was altered or damaged. Of two rows on the same clip and metric the later one counts, so running the experiment again
replaces an impossible row.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

from hsbench.errors import UsageError
from hsbench.metrics.base import info
from hsbench.results.schema import LARGEST_COUNT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    Row = Mapping[str, Any]

ENDS = -1e100, 1e100
"""Bounds of a score without bounds of its own; the square of the largest float32 number is 1e77."""
LONGEST = 1e9
"""Longest possible duration of a reconstruction, in seconds: 30 years."""
SLACK = 1e-6
"""Distance by which a score may lie beyond its bounds, because of rounding."""
SHOWN = 3
"""Number of impossible numbers that a sentence lists."""


def impossible_reconstructions(rows: Mapping[str, Row]) -> dict[str, str]:
    """Return why rows of reconstructions.jsonl are impossible: clip identifier -> reason, for those that are.

    Args:
        rows: clip identifier -> row.
    """
    return {clip: reason for clip, row in rows.items() if (reason := _impossible_facts(clip, row)) is not None}


def impossible_scores(rows: Mapping[tuple[str, str, int], Row]) -> dict[tuple[str, str, int], str]:
    """Return why rows of scores.jsonl are impossible: (clip, metric, version) -> reason, for those that are.

    Only scores of the present version of a known metric are checked, since only its bounds are known.

    Args:
        rows: (clip identifier, metric, version of the metric) -> row.
    """
    bounds = functools.cache(_bounds)
    reasons = {}
    for (clip, metric, version), row in rows.items():
        value, (low, high) = row["value"], bounds(metric, version)
        if value is not None and not low - SLACK <= value <= high + SLACK:
            reasons[clip, metric, version] = (
                f"{metric} {_number(value)} for {_short(clip)} (possible: {low:g} to {high:g})"
            )
    return reasons


def sentence(path: Path, reasons: Sequence[str]) -> str:
    """Return the sentence, without a full stop, that names the impossible numbers of a file.

    Args:
        path: path of the file.
        reasons: what is impossible, at least one.
    """
    number = len(reasons)
    listed = "; ".join(reasons[:SHOWN]) + (f"; and {number - SHOWN} more" if number > SHOWN else "")
    rows = "1 impossible row, which is" if number == 1 else f"{number} impossible rows, which are"
    return f"{path.parent.name}/{path.name} holds {rows} left out: {listed}; run the experiment again for new ones"


def _impossible_facts(clip: str, row: Row) -> str | None:
    """Return what is impossible in a clip's row of reconstructions.jsonl, or None."""
    ranges = (("numbers", LARGEST_COUNT), ("bits", LARGEST_COUNT), ("seconds", LONGEST), ("clipped", 1))
    for name, high in ranges:
        value = row[name]
        if value is not None and not 0 <= value <= high:
            return f"{name} {_number(value)} for {_short(clip)} (possible: 0 to {high:.16g})"
    return None


def _bounds(metric: str, version: int) -> tuple[float, float]:
    """Return the lowest and the highest possible value of a version of a metric; infinite where they are not known."""
    try:
        facts = info(metric)
    except UsageError:
        return -math.inf, math.inf
    if facts.version != version:
        return -math.inf, math.inf
    low, high = (end if bound is None else bound for bound, end in zip(facts.bounds, ENDS, strict=True))
    return low, high


def _number(value: float) -> str:
    """Return a number as text; a whole number may be too large for a float."""
    return f"{value:.6g}" if abs(value) <= LARGEST_COUNT else f"{str(value)[:12]}..."


def _short(clip: str) -> str:
    """Return the identifier of a clip; as a short literal if it was not written by hsbench."""
    return clip if clip.isascii() and clip.isprintable() and len(clip) <= 60 else ascii(clip)[:60]
