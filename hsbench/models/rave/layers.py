"""Convolutions of RAVE v1: centred zero padding as if the stride were 1, weight normalisation where it has some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn.utils.parametrizations import weight_norm

if TYPE_CHECKING:
    import torch

SLOPE = 0.2
"""Of every leaky ReLU."""


def conv(inputs: int, outputs: int, kernel: int, *, norm: bool = False, dilation: int = 1, **more: int) -> nn.Module:
    """[batch, inputs, time] -> [batch, outputs, time / stride], for a time that the stride divides.

    Args:
        inputs: channels.
        outputs: channels.
        kernel: taps.
        norm: whether its weight is normalised (Salimans and Kingma 2016).
        dilation: of the taps.
        more: stride, groups and bias, as torch.nn.Conv1d has them.
    """
    layer = nn.Conv1d(inputs, outputs, kernel, dilation=dilation, **more)  # type: ignore[arg-type]
    reach = (kernel - 1) * dilation
    padding = nn.ConstantPad1d((reach // 2, reach - reach // 2), 0.0)
    return nn.Sequential(padding, weight_norm(layer) if norm else layer)


def leaky() -> nn.Module:
    """The activation."""
    return nn.LeakyReLU(SLOPE)


class Residual(nn.Module):
    """x + two convolutions of x, the first dilated."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            leaky(),
            conv(channels, channels, 3, norm=True, dilation=dilation, bias=False),
            leaky(),
            conv(channels, channels, 3, norm=True, bias=False),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, channels, time] -> the same."""
        changed: torch.Tensor = x + self.path(x)
        return changed
