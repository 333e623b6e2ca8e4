"""The learning curve of a group of individual fits.

Every row has the mean loss and the SI-SNR of each clip at the coordinates of its step, before the update: of all
samples where a step has all of them, else of the random ones that it drew, which costs nothing further.

Conventions: estimate and target [batch, time].
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch

    from hsbench.models.base import Context
    from hsbench.models.inr.steps import Step

FIRST_ROWS = 4
"""Rows of a learning curve that also hold the loss of each clip; a drift check compares these."""


class Curve:
    """The learning curve of a group of clips: mean losses, SI-SNR by clip, and losses by clip in the first rows.

    Args:
        clips: their ids.
        steps: of the fit.
        context: takes the rows.
    """

    def __init__(self, clips: Sequence[str], steps: Step, context: Context) -> None:
        self.clips, self.steps, self.context = clips, steps, context
        self.rows = 0

    def record(self, row: Mapping[str, Any]) -> None:
        """Add one row, with the loss of each clip where a drift check will look at it."""
        self.rows += 1
        by_clip = {"si_snr": dict(zip(self.clips, self._si_snr(), strict=True))}
        if self.rows <= FIRST_ROWS:
            values = [value if math.isfinite(value) else None for value in self.steps.losses.tolist()]
            by_clip["losses"] = dict(zip(self.clips, values, strict=True))
        self.context.record({**row, "first": self.clips[0], "clips": len(self.clips), **by_clip})

    def _si_snr(self) -> list[float | None]:
        """Return the SI-SNR of each clip at the latest step [dB], None where it is not finite."""
        values = si_snr(*self.steps.latest).tolist()
        return [round(value, 3) if math.isfinite(value) else None for value in values]


def si_snr(estimate: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the scale-invariant signal-to-noise ratio of each clip in dB, both signals without their means: [batch].

    The definition is that of the metric si_snr, without the constant that bounds it.
    """
    e, x = (signal.double() - signal.double().mean(dim=1, keepdim=True) for signal in (estimate, target))
    share = (e * x).sum(dim=1, keepdim=True) / (x * x).sum(dim=1, keepdim=True)
    noise = e - share * x
    return 10 * ((share * x).square().sum(dim=1) / noise.square().sum(dim=1)).log10()
