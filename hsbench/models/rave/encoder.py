"""RAVE v1's encoder: sub-bands to the mean and scale of a normal distribution per frame of 2048 samples.

A convolution of 7 taps to C channels; for each ratio batch norm, leaky ReLU and a strided convolution that doubles the
channels; then one of 5 taps in two groups, means and scales apart. Source: the published code of RAVE 1, as numbers.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from hsbench.audio.pqmf import BANDS
from hsbench.models.rave.layers import conv, leaky

RATIOS = (4, 4, 4, 2)
"""Of the encoder's strides, and in the same order of the generator's."""
LATENTS = 128
RATIO = BANDS * 4 * 4 * 4 * 2
"""Samples per latent frame: 2048."""
LEAST = 1e-4
"""Added to every standard deviation."""


class Encoder(nn.Module):
    """[batch, 16, time / 16] -> mean and standard deviation, each [batch, 128, time / 2048].

    Args:
        capacity: channels C after the first convolution; 64 in the paper.
    """

    def __init__(self, capacity: int) -> None:
        super().__init__()
        layers = [conv(BANDS, capacity, 7)]
        channels = capacity
        for ratio in RATIOS:
            layers += [nn.BatchNorm1d(channels), leaky(), conv(channels, 2 * channels, 2 * ratio + 1, stride=ratio)]
            channels *= 2
        self.net = nn.Sequential(*layers, leaky(), conv(channels, 2 * LATENTS, 5, groups=2))

    def forward(self, bands: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The distribution of each frame."""
        mean, scale = self.net(bands).chunk(2, dim=1)
        return mean, F.softplus(scale) + LEAST


def divergence(mean: torch.Tensor, deviation: torch.Tensor) -> torch.Tensor:
    """Of normal distributions from the standard one, without the half: mean over batch and time of the sum.

    Args:
        mean: [batch, latents, frames].
        deviation: [batch, latents, frames].

    Returns:
        Scalar.
    """
    variance = deviation.square()
    return (mean.square() + variance - variance.log() - 1).sum(1).mean()
