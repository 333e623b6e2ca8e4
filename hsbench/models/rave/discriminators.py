"""RAVE v1's discriminators: three copies of one network, on the waveform at its sample rate, half of it and a quarter.

Each copy is a convolution of 15 taps, four of 41 taps with stride 4 and an increasing number of groups, one of 5 taps,
and one of a single tap whose output is the score, high for recorded and low for generated sound. Source: sizes in the
published code of RAVE 1; the architecture is that of MelGAN (Kumar et al. 2019).
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
"""Stride of a middle layer, and the ratio of its channels to those of the layer before, up to FACTOR^3 x capacity."""


class Discriminator(nn.Module):
    """Score a waveform: [batch, time] -> outputs of all layers, of which the last is the score, [batch, 1, frames].

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
        """Return the output of each layer before its activation, which feature matching compares."""
        x = waveform[:, None]
        features: list[torch.Tensor] = []
        for layer in self.layers:
            features.append(layer(F.leaky_relu(x, SLOPE) if features else x))
            x = features[-1]
        return features


class Discriminators(nn.Module):
    """Discriminators at all sample rates: [batch, time] -> outputs of all layers at each rate.

    Args:
        capacity: channels of each discriminator's first layer.
    """

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self.scales = nn.ModuleList(Discriminator(capacity) for _ in range(SCALES))

    def forward(self, waveform: torch.Tensor) -> list[list[torch.Tensor]]:
        """Return the outputs of each copy; every copy hears the waveform at half the rate of the copy before."""
        features = []
        for scale in self.scales:
            features.append(scale(waveform))
            waveform = F.avg_pool1d(waveform, 2)
        return features


def adversarial_losses(
    real: list[list[torch.Tensor]], fake: list[list[torch.Tensor]]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return hinge losses and feature matching of a batch, each summed over the sample rates.

    With scores D, the discriminators minimise mean max(0, 1 - D(real)) + mean max(0, 1 + D(fake)): a score beyond +-1
    on the right side costs nothing and has no gradient. The generator minimises -mean D(fake).

    Args:
        real: layer outputs for clips, [rate][layer].
        fake: layer outputs for the reconstructions of these clips, [rate][layer].

    Returns:
        Loss of the discriminators, loss of the generator, and feature matching: 10 times the mean over layers of the
        mean absolute difference of their outputs.
    """
    pairs = list(zip(real, fake, strict=True))
    discriminators = sum((1 - a[-1]).relu().mean() + (1 + b[-1]).relu().mean() for a, b in pairs)
    generator = sum(-b[-1].mean() for _, b in pairs)
    matching = sum(10 * sum((x - y).abs().mean() for x, y in zip(a, b, strict=True)) / len(a) for a, b in pairs)
    return discriminators, generator, matching  # type: ignore[return-value]
