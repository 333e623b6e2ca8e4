"""What a claim is: a sentence of the paper, the contrasts that decide it, and how a verdict follows from intervals.

A contrast is a number for each clip that is positive where the sentence is right, such as the SI-SNR of one row minus
that of another on the same clip. Its mean has an interval (hsbench.analysis.claims.intervals). A contrast is supported
where the whole interval lies above its threshold, contradicted where it lies below, and open otherwise. A claim is
supported if all its contrasts are, contradicted if one of them is, and otherwise nothing can be said at the budget.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SUPPORTED, CONTRADICTED, CANNOT_SAY = "supported", "contradicted", "cannot say at this budget"
VERDICTS = (SUPPORTED, CONTRADICTED, CANNOT_SAY)

HYPERSOUND, INDIVIDUAL, COUNTED, ANALOGUE = "HyperSound", "individual INRs", "counts", "analogue"
BLOCKS = {
    HYPERSOUND: "Claims about HyperSound, decided by trained hypernetworks.",
    INDIVIDUAL: "Claims about INRs, decided by networks that are fitted to one clip each.",
    COUNTED: "Claims that a count decides. A count is exact, so its interval is a single number.",
    ANALOGUE: "The same questions put to `patch-inr`. Analogue: says nothing about HyperSound.",
}
"""What a claim is decided on -> the sentence above its claims."""


@dataclass(frozen=True)
class Contrast:
    """A number for each clip, positive where the claim is right: a sum of rows, each times a coefficient.

    Attributes:
        metric: registered metric, or a quantity of hsbench.analysis.claims.quantities.
        terms: (coefficient, name of the row) pairs.
        threshold: number that the interval has to lie above or below.
        sound: rows that must stand above the floors on their clips, since the contrast says nothing otherwise.
        statistic: "mean" over clips, or "width": threshold minus half the width of the interval that 30 clips would
            have.
    """

    metric: str
    terms: tuple[tuple[float, str], ...]
    threshold: float = 0.0
    sound: tuple[str, ...] = ()
    statistic: str = "mean"


@dataclass(frozen=True)
class Count:
    """A number that follows from definitions alone.

    Attributes:
        value: computes the number.
        threshold: the claim is supported above it, contradicted at it and below.
        unit: unit of the number.
    """

    value: Callable[[], float]
    threshold: float = 0.0
    unit: str = ""


@dataclass(frozen=True)
class Claim:
    """One testable sentence of the paper.

    Attributes:
        name: short name, unique.
        section: section of the paper.
        says: what the paper says, in our words.
        test: how it is tested, and what a positive effect means.
        on: what it is decided on, one of BLOCKS.
        experiment: experiment that has the rows of the contrasts; "" for a count.
        contrasts: what decides it.
        count: what decides it, where a count does.
        held_out: whether only held-out clips count, since the rows were trained.
    """

    name: str
    section: str
    says: str
    test: str
    on: str
    experiment: str = "claims"
    contrasts: tuple[Contrast, ...] = ()
    count: Count | None = None
    held_out: bool = False


def better(metric: str, row: str, than: str, *, lower: bool = False, sound: tuple[str, ...] | None = None) -> Contrast:
    """Return the contrast that is positive where one row is better than another in a metric.

    Args:
        metric: registered metric.
        row: name of the row that should be better.
        than: name of the other row.
        lower: whether lower values of the metric are better.
        sound: rows that must stand above the floors; None for both.
    """
    sign = -1.0 if lower else 1.0
    return Contrast(metric, ((sign, row), (-sign, than)), sound=(row, than) if sound is None else sound)
