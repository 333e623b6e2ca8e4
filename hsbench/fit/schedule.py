"""Learning rates and momenta as closed forms of the position in a training, so that a resumed one needs no state.

Positions count from 0; `total` is the number of positions of the whole training. All are forms of torch's OneCycleLR
(Smith and Topin 2019), against which they are checked: by cosines from peak / 25 to the peak over the first part, then
to peak / 250 000, while momentum goes from 0.95 to 0.85 and back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from hsbench.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

MOMENTUM = (0.85, 0.95)


@dataclass(frozen=True)
class Schedule:
    """A learning rate over a training.

    Attributes:
        summary: what it is, for people.
        peak: the largest rate, as a multiple of the stated one; None for a rate that does not change.
        rise: share of the positions before the peak.
        per_epoch: whether the position is the number of the epoch and not of the step.
    """

    summary: str
    peak: float | None = 1.0
    rise: float = 0.3
    per_epoch: bool = False

    def rate(self, position: int, total: int, stated: float) -> float:
        """The learning rate at a position."""
        if self.peak is None:
            return stated
        top = self.peak * stated
        return self._between(position, total, top / 25, top, top / 25 / 1e4)

    def momentum(self, position: int, total: int) -> float:
        """What beta1 is where it is cycled: 0.95 at the ends, 0.85 at the peak."""
        low, high = MOMENTUM
        return high if self.peak is None else self._between(position, total, high, low, high)

    def _between(self, position: int, total: int, start: float, turn: float, end: float) -> float:
        top = self.rise * total - 1
        if top > 0 and position <= top:
            return _cosine(start, turn, position / top)
        return _cosine(turn, end, (position - top) / max(total - 1 - top, 1e-9))


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))


SCHEDULES: Mapping[str, Schedule] = MappingProxyType(
    {
        "constant": Schedule("the stated rate at every step", peak=None),
        "one_cycle": Schedule("one cycle over all steps, peak the stated rate"),
        "one_cycle_25": Schedule("one cycle over all steps, peak 25 times the stated rate", 25.0, 0.05),
        "one_cycle_per_epoch": Schedule(
            "that cycle moved once an epoch, so that the rate stays within 7 % of the stated one", 25.0, 0.05, True
        ),
    }
)


def schedule(name: str) -> Schedule:
    """The schedule of a name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in SCHEDULES:
        raise UnknownNameError("schedule", name, SCHEDULES)
    return SCHEDULES[name]
