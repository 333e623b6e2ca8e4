"""Convolutions of RAVE v1: zero-padded on both sides as for a stride of 1, optionally with weight normalisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn.utils.parametrizations import weight_norm

if TYPE_CHECKING:
    import torch

SLOPE = 0.2
"""Slope of every leaky ReLU for negative inputs."""


def conv(inputs: int, outputs: int, kernel: int, *, norm: bool = False, dilation: int = 1, **more: int) -> nn.Module:
    """Return a convolution [batch, inputs, time] -> [batch, outputs, time / stride]; the stride must divide the time.

    Args:
        inputs: input channels.
        outputs: output channels.
        kernel: taps.
        norm: whether to use weight normalisation (Salimans and Kingma 2016).
        dilation: distance of successive taps, in samples.
        more: the arguments stride, groups and bias of torch.nn.Conv1d.
    """
    layer = nn.Conv1d(inputs, outputs, kernel, dilation=dilation, **more)  # type: ignore[arg-type]
    reach = (kernel - 1) * dilation
    padding = nn.ConstantPad1d((reach // 2, reach - reach // 2), 0.0)
    return nn.Sequential(padding, weight_norm(layer) if norm else layer)


def leaky() -> nn.Module:
    """Return RAVE's activation, a leaky ReLU."""
    return nn.LeakyReLU(SLOPE)


class Residual(nn.Module):
    """Residual block: x plus two convolutions of x, the first of which is dilated.

    Args:
        channels: input and output channels.
        dilation: dilation of the first convolution.
    """

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            leaky(),
            conv(channels, channels, 3, norm=True, dilation=dilation, bias=False),
            leaky(),
            conv(channels, channels, 3, norm=True, bias=False),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x + path(x): [batch, channels, time] -> the same shape."""
        out: torch.Tensor = x + self.path(x)
        return out
