"""RAVE v1's encoder: from sub-bands to mean and standard deviation of a normal distribution per frame of 2048 samples.

A convolution of 7 taps to C channels; for each ratio batch norm, leaky ReLU and a strided convolution that doubles the
channels; last a convolution of 5 taps in two groups, one for means and one for scales. Source: sizes in the published
code of RAVE 1.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from hsbench.audio.pqmf import BANDS
from hsbench.models.rave.layers import conv, leaky

RATIOS = (4, 4, 4, 2)
"""Strides of the encoder and, in the same order, upsampling factors of the generator."""
LATENTS = 128
"""Latents per frame."""
RATIO = BANDS * 4 * 4 * 4 * 2
"""Samples per latent frame: 2048."""
MIN_DEVIATION = 1e-4
"""Added to every standard deviation."""


class Encoder(nn.Module):
    """Distribution of the latents: sub-bands [batch, 16, time / 16] -> mean and deviation, [batch, 128, time / 2048].

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
        """Return mean and standard deviation of every latent in every frame."""
        mean, scale = self.net(bands).chunk(2, dim=1)
        return mean, F.softplus(scale) + MIN_DEVIATION


def divergence(mean: torch.Tensor, deviation: torch.Tensor) -> torch.Tensor:
    """Return twice the Kullback-Leibler divergence of the latents' distribution from the standard normal distribution.

    For one latent, KL(N(mu, sigma^2) || N(0, 1)) = (mu^2 + sigma^2 - ln sigma^2 - 1) / 2. The published code leaves out
    the factor 1/2, so this function does. Latents are independent, so their divergences add up.

    Args:
        mean: [batch, latents, frames].
        deviation: standard deviation, [batch, latents, frames].

    Returns:
        Scalar: the sum over latents, averaged over batch and frames.
    """
    variance = deviation.square()
    return (mean.square() + variance - variance.log() - 1).sum(1).mean()
