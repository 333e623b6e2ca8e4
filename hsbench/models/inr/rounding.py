"""Rounding of the parameters that the late steps of a fit evaluate (quantisation-aware fitting).

A fit whose weights are stored in b bits can learn to do without the lost digits: the last FINETUNE of its steps
evaluate the network with rounded weights and pass the gradient on to the weights themselves (hsbench.models.quantise).
Rounding starts late, because weights that still move far cross many steps of the grid and nothing is learned of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench.models import quantise

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

FINETUNE = 0.25
"""Share of the steps, the last ones, that evaluate rounded weights."""


@dataclass(frozen=True)
class Rounding:
    """Rounding from a step on.

    Attributes:
        bits: number of bits of a weight, 5 to 8; None for no rounding.
        first: number of the first step that rounds.
    """

    bits: int | None
    first: int = 0

    @classmethod
    def last(cls, bits: int | None, updates: int) -> Rounding:
        """Return the rounding of the last FINETUNE of the steps.

        Args:
            bits: number of bits of a weight; None for no rounding.
            updates: number of steps of the fit.
        """
        return cls(bits, updates - round(FINETUNE * updates))

    def __call__(self, number: int, params: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
        """Return the parameters that a step evaluates.

        Args:
            number: number of the step, from 0.
            params: {name: [batch, *shape]} that require a gradient.
        """
        if self.bits is None or number < self.first:
            return params
        return quantise.straight_through(params, self.bits)


NEVER = Rounding(None)
