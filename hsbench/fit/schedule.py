"""Learning rates as closed forms of the step, so that a resumed fit needs no scheduler state.

Steps count from 0; `total` is the number of steps of the whole fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hsbench.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable


def constant(step: int, total: int, rate: float) -> float:
    """The same rate at every step."""
    del step, total
    return rate


def one_cycle(step: int, total: int, rate: float) -> float:
    """Cosine from rate / 25 to `rate` over the first 30 %, then to rate / 250 000: torch's OneCycleLR by default.

    Source: Smith and Topin 2019, "Super-convergence"; checked against torch.optim.lr_scheduler.OneCycleLR.
    """
    low, floor, turn = rate / 25, rate / 25 / 1e4, 0.3 * total - 1
    if turn > 0 and step <= turn:
        return _cosine(low, rate, step / turn)
    return _cosine(rate, floor, (step - turn) / max(total - 1 - turn, 1e-9))


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))


SCHEDULES: dict[str, Callable[[int, int, float], float]] = {"constant": constant, "one_cycle": one_cycle}


def schedule(name: str) -> Callable[[int, int, float], float]:
    """The schedule of a name: (step, total, rate) -> learning rate.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in SCHEDULES:
        raise UnknownNameError("schedule", name, SCHEDULES)
    return SCHEDULES[name]
