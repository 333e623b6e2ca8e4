"""RAVE v1's discriminators: three copies of a network that hear the sound at its rate, half of it and a quarter.

Each is a convolution of 15 taps, four of 41 taps with stride 4 in ever more groups, one of 5 taps and one of a single
tap that gives the verdict. Source: the published code of RAVE 1, as numbers; after Kumar et al. 2019 (MelGAN).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional as F

from hsbench.models.rave.layers import SLOPE, conv

if TYPE_CHECKING:
    import torch

SCALES = 3
FACTOR = 4
"""Stride of a middle layer, and how many times more channels it has than the one before, up to FACTOR^3 x capacity."""


class Discriminator(nn.Module):
    """[batch, time] -> what each layer makes of it, before the activation; the last, [batch, 1, frames], is a verdict.

    Args:
        capacity: channels of the first layer; 16 in the paper.
    """

    def __init__(self, capacity: int) -> None:
        super().__init__()
        layers, channels = [conv(1, capacity, 15, norm=True)], capacity
        for index in range(1, 5):
            wider = capacity * FACTOR ** min(index, 3)
            groups = min(FACTOR**index, channels)
            layers.append(conv(channels, wider, 41, norm=True, stride=FACTOR, groups=groups))
            channels = wider
        layers += [conv(channels, channels, 5, norm=True), conv(channels, 1, 1, norm=True)]
        self.layers = nn.ModuleList(layers)

    def forward(self, waveform: torch.Tensor) -> list[torch.Tensor]:
        """The features of each layer."""
        x = waveform[:, None]
        features: list[torch.Tensor] = []
        for layer in self.layers:
            features.append(layer(F.leaky_relu(x, SLOPE) if features else x))
            x = features[-1]
        return features


class Discriminators(nn.Module):
    """[batch, time] -> the features at each rate."""

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self.scales = nn.ModuleList(Discriminator(capacity) for _ in range(SCALES))

    def forward(self, waveform: torch.Tensor) -> list[list[torch.Tensor]]:
        """The features of each copy."""
        found = []
        for scale in self.scales:
            found.append(scale(waveform))
            waveform = F.avg_pool1d(waveform, 2)
        return found


def judged(
    real: list[list[torch.Tensor]], fake: list[list[torch.Tensor]]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Hinge losses and feature matching, each a sum over the rates.

    Args:
        real: features of clips.
        fake: features of what was made of them.

    Returns:
        The discriminators' loss, the generator's, and 10 times the mean over layers of the mean absolute difference.
    """
    pairs = list(zip(real, fake, strict=True))
    theirs = sum((1 - a[-1]).relu().mean() + (1 + b[-1]).relu().mean() for a, b in pairs)
    ours = sum(-b[-1].mean() for _, b in pairs)
    matching = sum(10 * sum((x - y).abs().mean() for x, y in zip(a, b, strict=True)) / len(a) for a, b in pairs)
    return theirs, ours, matching  # type: ignore[return-value]
