"""The coordinates at which each optimisation step of individual INRs compares network and clip.

Conventions: features [1, inputs, time], target [batch, time].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable


class Coordinates:
    """The coordinates of each step: all of them, or the next part of a random order that is drawn anew after each pass.

    Args:
        features: [1, inputs, time] of the whole clip.
        target: [batch, time].
        drawn: number of coordinates of a step; None for all.
        key: returns a seed for a purpose, see hsbench.models.base.Context.key.
    """

    def __init__(
        self, features: torch.Tensor, target: torch.Tensor, drawn: int | None, key: Callable[..., int]
    ) -> None:
        self.features, self.target, self.drawn, self.key = features, target, drawn, key
        self._drawn_pass: tuple[int, torch.Tensor] | None = None

    def __call__(self, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return features and target at the coordinates of a step."""
        total = self.target.shape[1]
        if self.drawn is None or self.drawn >= total:
            return self.features, self.target
        parts = total // self.drawn
        chosen = self._pass(number // parts, parts, self.drawn)[number % parts]
        return self.features[:, :, chosen], self.target[:, chosen]

    def _pass(self, number: int, parts: int, drawn: int) -> torch.Tensor:
        """Return the coordinates of all steps of a pass, [parts, drawn], which are sent to the device together."""
        if self._drawn_pass is None or self._drawn_pass[0] != number:
            generator = torch.Generator().manual_seed(self.key("coordinates", number))
            order = torch.randperm(self.target.shape[1], generator=generator)[: parts * drawn]
            self._drawn_pass = number, order.view(parts, drawn).sort(dim=1).values.to(self.target.device)
        return self._drawn_pass[1]
