"""Learning-rate schedules as functions of the position in a training; resuming a training restores no scheduler state.

A position counts from 0; `total` is the number of positions of the whole training. A cycle is that of torch's
OneCycleLR (Smith and Topin 2019), with which it agrees to 1e-9: the rate rises along half a cosine from peak / 25 to
the peak and falls along another to peak / 250 000, while momentum falls from 0.95 to 0.85 and rises again.

Why `one_cycle_per_epoch` is nearly constant: the reference code gives OneCycleLR 1 562 500 positions (2500 epochs of
625 steps) but moves it once per epoch, so it only ever reaches position 2499. The rise takes the first 5 %, 78 124
positions, and 2499 is 3.2 % of it. With the peak at 25 r and the start at r, the rate there is
r + 24 r (1 - cos(0.032 pi)) / 2 = 1.061 r, where r is the stated rate.
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
"""Momentum beta1 at the peak of the learning rate and at both ends of the cycle."""


@dataclass(frozen=True)
class Schedule:
    """A learning rate as a function of the position in a training.

    Attributes:
        summary: description in one line.
        peak: largest rate, as a multiple of the stated rate; None for a rate that never changes.
        rise: share of the positions before the peak, 0 to 1.
        per_epoch: whether a position is the number of an epoch, not of a step.
    """

    summary: str
    peak: float | None = 1.0
    rise: float = 0.3
    per_epoch: bool = False

    def rate(self, position: int, total: int, stated: float) -> float:
        """Return the learning rate at a position, given the stated rate."""
        if self.peak is None:
            return stated
        top = self.peak * stated
        return self._between(position, total, top / 25, top, top / 25 / 1e4)

    def momentum(self, position: int, total: int) -> float:
        """Return Adam's beta1 at a position, for an optimiser that cycles it against the learning rate."""
        low, high = MOMENTUM
        return high if self.peak is None else self._between(position, total, high, low, high)

    def _between(self, position: int, total: int, start: float, turn: float, end: float) -> float:
        """Return a value that moves from `start` to `turn` until the peak and from there to `end`."""
        top = self.rise * total - 1  # position of the peak; not rounded, as in torch
        if top > 0 and position <= top:
            return _cosine(start, turn, position / top)
        return _cosine(turn, end, (position - top) / max(total - 1 - top, 1e-9))


def _cosine(start: float, end: float, share: float) -> float:
    """Interpolate along half a cosine: `start` at share 0, `end` at share 1."""
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))


SCHEDULES: Mapping[str, Schedule] = MappingProxyType(
    {
        "constant": Schedule("the stated rate at every step", peak=None),
        "one_cycle": Schedule("one cycle over all steps with its peak at the stated rate"),
        "warm_up_cosine": Schedule("one cycle whose rise takes the first 3 % of the steps", rise=0.03),
        "one_cycle_25": Schedule("one cycle over all steps with its peak at 25 times the stated rate", 25.0, 0.05),
        "one_cycle_per_epoch": Schedule(
            "the cycle of one_cycle_25 moved once per epoch: the rate stays within 7 % of the stated rate",
            25.0,
            0.05,
            True,
        ),
    }
)


def schedule(name: str) -> Schedule:
    """Return a schedule by name.

    Raises:
        UnknownNameError: there is no schedule of that name.
    """
    if name not in SCHEDULES:
        raise UnknownNameError("schedule", name, SCHEDULES)
    return SCHEDULES[name]
