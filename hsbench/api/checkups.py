"""Checks of an installation: the packages and devices of this machine, and the known values of the metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.planning.resources import choose

if TYPE_CHECKING:
    from pathlib import Path

    from hsbench.doctor.checkup import Checkup as Checkup
    from hsbench.metrics.base import Score
    from hsbench.metrics.known import Known


def installed(results: Path) -> Checkup:
    """Return what is installed on this machine, and which models, metrics and corpora cannot run on it.

    Args:
        results: results folder, existing or not; the free space of its disk is reported.
    """
    from hsbench.doctor import checkup

    return checkup.examine(results)


@dataclass(frozen=True)
class Comparison:
    """The known value of a metric on a test pair, and the value computed on this machine.

    Attributes:
        known: metric, name of the test pair, known value and tolerance.
        score: score computed on this machine.
    """

    known: Known
    score: Score

    @property
    def verdict(self) -> str:
        """The result: "ok", "differs", or "unavailable" if a package is missing."""
        if self.score.value is None:
            return "unavailable" if self.score.status == "unavailable" else "differs"
        return "ok" if abs(self.score.value - self.known.want) <= self.known.tolerance else "differs"


def known_values(device: str = "cpu") -> list[Comparison]:
    """Compute every metric on its test pairs, and return each value beside the known one.

    Metrics of an extra that is not installed, such as hsbench[visqol], are left out.

    Args:
        device: device of learned metrics: "auto", "cpu" or "cuda".
    """
    from hsbench.metrics import known
    from hsbench.metrics.suite import Scorer

    # A metric of an extra that is not installed has nothing to test; a missing required package is a finding.
    optional = {name for name in registry.names("metrics") if registry.metric(name).extra is not None}
    left_out = {name for name in optional if registry.metric(name).missing()}
    pairs, wanted = known.pairs(), [value for value in known.values() if value.metric not in left_out]
    metrics = {pair: [value.metric for value in wanted if value.pair == pair] for pair in pairs}
    with Scorer(known.RATE, choose(device).device) as scorer:
        scores = dict(scorer.score((name, *pair, metrics[name]) for name, pair in pairs.items()))
    return [Comparison(value, scores[value.pair][value.metric]) for value in wanted]
