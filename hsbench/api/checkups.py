"""Check-ups: what is installed on this machine, and whether the metrics give their known values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench.planning.resources import choose

if TYPE_CHECKING:
    from pathlib import Path

    from hsbench.doctor.checkup import Checkup as Checkup
    from hsbench.metrics.base import Score
    from hsbench.metrics.known import Known


def installed(results: Path) -> Checkup:
    """Return what is installed, and what that prevents.

    Args:
        results: the results folder, existing or not, whose disk is looked at.
    """
    from hsbench.doctor import checkup

    return checkup.make(results)


@dataclass(frozen=True)
class Comparison:
    """A known value beside the one computed here.

    Attributes:
        known: metric, pair, value and tolerance.
        score: as computed here.
    """

    known: Known
    score: Score

    @property
    def verdict(self) -> str:
        """ok, differs, or unavailable where a package is missing."""
        if self.score.value is None:
            return "unavailable" if self.score.status == "unavailable" else "differs"
        return "ok" if abs(self.score.value - self.known.want) <= self.known.tolerance else "differs"


def known_values(device: str = "cpu") -> list[Comparison]:
    """Compute every known value of every metric.

    Args:
        device: where learned metrics run: auto, cpu or cuda.
    """
    from hsbench.metrics import known
    from hsbench.metrics.suite import Scorer

    pairs, wanted = known.pairs(), known.values()
    metrics = {pair: [value.metric for value in wanted if value.pair == pair] for pair in pairs}
    with Scorer(known.RATE, choose(device).device) as scorer:
        scores = dict(scorer.score((name, *pair, metrics[name]) for name, pair in pairs.items()))
    return [Comparison(value, scores[value.pair][value.metric]) for value in wanted]
