"""What a table says, in sentences that are computed from its rows.

The rules for comparing numbers hold here: every mean comes with its number of clips and voices; a learned method is
named together with the best control that stores as many numbers; bits and numbers are never compared; nothing is said
to be better across corpora, budgets or protocols.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.errors import HsbenchError
from hsbench.metrics.base import info
from hsbench.report.names import short
from hsbench.report.text import counted, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hsbench.descriptors import ModelDescriptor
    from hsbench.report.table import Table, TableRow

CONTROL = "transform coding"
"""Approach of the controls that store numbers (hsbench.descriptors.APPROACHES)."""
SAME_RATIO = 1.02
"""Largest quotient of two compression ratios that count as equal; widths of INRs are whole numbers."""
METRIC = "si_snr"
"""Metric of the sentences; the table has the others."""


def sentences(table: Table) -> list[str]:
    """Return at most five sentences about a table; none where nothing can be said."""
    makers: Sequence[Callable[[Table], str]] = (budget, _gap, _learned, _codecs, _below)
    return [sentence for maker in makers if (sentence := maker(table))]


def budget(table: Table) -> str:
    """Return what the budget of a table can show; "" for a table without seen clips, and for long trainings."""
    if table.view.budget not in ("smoke", "quick") or not any(row.split == "train" for row in table.rows):
        return ""
    return (
        f"The budget {table.view.budget} trains for minutes at most: rows on seen clips show whether a method can "
        "represent these sounds at all; --budget standard on a GPU is the first that says anything about new voices."
    )


def _gap(table: Table) -> str:
    """Compare each row that learns with itself on other clips."""
    held_out = {row.name: row for row in table.rows if row.split != "train"}
    pairs = [
        (row, held_out[name])
        for row in table.rows
        if row.split == "train" and (name := row.name.removesuffix(" seen")) in held_out and _learns(row)
    ]
    parts = [
        f"{short(other.name)} {seen} and {unseen}"
        for row, other in pairs
        if (seen := _value(row)) and (unseen := _value(other))
    ]
    if not parts:
        return ""
    row, other = pairs[0]
    return (
        f"SI-SNR on seen clips ({_clips(row)}) and on held-out clips ({_clips(other)}): {_joined(parts)}. The "
        "clips differ, so a small difference means little; a large one is overfitting."
    )


def _learned(table: Table) -> str:
    """Name the learned method with the highest SI-SNR and the best control that stores as many numbers."""
    rows = [row for row in table.rows if row.split != "train" and row.ratio and _mean(row) is not None]
    learned = [row for row in rows if not row.below_floor and _approach(row) not in ("", CONTROL)]
    if not learned:
        return ""
    best = max(learned, key=lambda row: _mean(row) or 0.0)
    first = (
        f"Of the learned methods, {short(best.name)} has the highest SI-SNR on held-out clips, {_value(best)} "
        f"({_clips(best)})"
    )
    equal = [row for row in rows if _approach(row) == CONTROL and _as_many_numbers(row, best)]
    if not equal:
        return f"{first}; no control of this table stores as many numbers."
    control = max(equal, key=lambda row: _mean(row) or 0.0)
    return f"{first}; {short(control.name)}, the best control with as many numbers, has {_value(control)}."


def _codecs(table: Table) -> str:
    """Name the codecs with their measured rates."""
    coded = [row for row in table.rows if row.split != "train" and row.costs.kbps and _value(row, "pesq")]
    if not coded:
        return ""
    parts = [f"{short(row.name)} {_value(row, 'pesq')} at {row.costs.kbps:.3g} kbit/s" for row in coded]
    return (
        f"Codecs write bits, which cannot be compared with numbers per clip; their PESQ ({_clips(coded[0])}): "
        f"{_joined(parts)}."
    )


def _below(table: Table) -> str:
    """Name the rows that stand above none of the floors."""
    names = [short(row.name) for row in table.rows if row.below_floor]
    if not names:
        return ""
    return (
        f"{_joined(names)}: no better than silence at this budget, so these values say nothing about the "
        f"{'method' if len(names) == 1 else 'methods'}."
    )


def _learns(row: TableRow) -> bool:
    """Return whether the model of a row learns from a training split."""
    descriptor = _descriptor(row)
    return descriptor is not None and descriptor.trains


def _approach(row: TableRow) -> str:
    """Return how the model of a row encodes a clip (hsbench.descriptors.APPROACHES); "" where that is not known."""
    descriptor = _descriptor(row)
    return "" if descriptor is None else descriptor.approach


def _descriptor(row: TableRow) -> ModelDescriptor | None:
    """Return the descriptor of the model of a row; None for a plug-in that is not installed."""
    try:
        return registry.model(row.model)
    except HsbenchError:
        return None


def _mean(row: TableRow, metric: str = METRIC) -> float | None:
    return row.entries[metric].summary.mean if metric in row.entries else None


def _value(row: TableRow, metric: str = METRIC) -> str:
    """Return the mean of a row with its unit; "" where there is none."""
    mean, of = _mean(row, metric), info(metric)
    return "" if mean is None else f"{number(mean, of)} {of.unit}".strip()


def _clips(row: TableRow) -> str:
    """Return clips and voices of a row: "8 clips of 4 voices"."""
    clips = counted(next(iter(row.entries.values())).values.shape[1], "clip")
    return f"{clips} of {counted(row.voices, 'voice')}" if row.voices else clips


def _as_many_numbers(row: TableRow, other: TableRow) -> bool:
    if row.ratio is None or other.ratio is None:
        return False
    return max(row.ratio / other.ratio, other.ratio / row.ratio) <= SAME_RATIO


def _joined(parts: Iterable[str]) -> str:
    """Return parts as a list in words: "a, b and c"."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
