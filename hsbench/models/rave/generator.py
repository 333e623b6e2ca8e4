"""RAVE v1's generator: latent frames to sub-bands, as a waveform with a loudness envelope and filtered noise.

    bands = tanh(wave) * m(loudness) + noise,    m(x) = 2 sigmoid(x)^2.3 + 1e-7

The noise of each band is white, filtered for each stretch of 64 sub-band samples by 8 taps that the generator chooses
in 5 frequencies (Engel et al. 2020). The taps before time 0 stand at the end of the stretch, as in the published code
of RAVE 1, the source of all numbers here: they come 64 samples late instead of early.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from hsbench.audio.pqmf import BANDS
from hsbench.models.rave.encoder import LATENTS, RATIOS
from hsbench.models.rave.layers import Residual, conv, leaky

if TYPE_CHECKING:
    from collections.abc import Sequence

STRETCH = 64
"""Sub-band samples that one noise filter lasts."""
FREQUENCIES = 5
TAPS = 2 * (FREQUENCIES - 1)


class Generator(nn.Module):
    """[batch, 128, frames] -> [batch, 16, 128 frames].

    Args:
        capacity: channels C before the heads; 64 in the paper.
        dilations: of the residual blocks after each upsampling; acids-rave 2.3 has 1, 3 and 5 instead.
    """

    def __init__(self, capacity: int, dilations: Sequence[int] = (1, 3, 9)) -> None:
        super().__init__()
        channels = capacity * 2 ** len(RATIOS)
        layers = [conv(LATENTS, channels, 7, norm=True)]
        for ratio in RATIOS:
            up = nn.ConvTranspose1d(channels, channels // 2, 2 * ratio, ratio, ratio // 2, bias=False)
            channels //= 2
            layers += [leaky(), weight_norm(up), *(Residual(channels, dilation) for dilation in dilations)]
        self.net = nn.Sequential(*layers)
        self.wave, self.loudness = conv(channels, BANDS, 7, norm=True), conv(channels, 1, 3, norm=True)
        self.noise = nn.Sequential(
            conv(channels, channels, 3, stride=4),
            leaky(),
            conv(channels, channels, 3, stride=4),
            leaky(),
            conv(channels, BANDS * FREQUENCIES, 3, stride=4),
        )

    def forward(self, latents: torch.Tensor, white: torch.Tensor | None) -> torch.Tensor:
        """The sub-bands.

        Args:
            latents: [batch, 128, frames].
            white: noise uniform in [-1, 1), [batch, 16, 128 frames], or None for no noise.
        """
        x = self.net(latents)
        bands: torch.Tensor = torch.tanh(self.wave(x)) * gain(self.loudness(x))
        return bands if white is None else bands + coloured(white, gain(self.noise(x) - 5))


def gain(x: torch.Tensor) -> torch.Tensor:
    """A positive amplitude from any number."""
    return 2 * torch.sigmoid(x) ** 2.3 + 1e-7


def coloured(white: torch.Tensor, amplitudes: torch.Tensor) -> torch.Tensor:
    """White noise, filtered stretch by stretch.

    Args:
        white: [batch, 16, time].
        amplitudes: [batch, 16 x 5, time / 64], the filters' real spectra, the five of a band together.
    """
    batch, _, stretches = amplitudes.shape
    spectra = amplitudes.transpose(1, 2).reshape(batch, stretches, BANDS, FREQUENCIES)
    taps = torch.fft.irfft(spectra.to(torch.complex64), dim=-1).roll(TAPS // 2, -1)
    taps = taps * torch.hann_window(TAPS, dtype=taps.dtype, device=taps.device)
    impulse = F.pad(taps, (0, STRETCH - TAPS)).roll(-TAPS // 2, -1)
    pieces = white.view(batch, BANDS, stretches, STRETCH).transpose(1, 2)
    # A stretch does not ring into the next: of the whole convolution, only its own 64 samples are kept.
    spectrum = torch.fft.rfft(pieces, 2 * STRETCH) * torch.fft.rfft(impulse, 2 * STRETCH)
    filtered = torch.fft.irfft(spectrum, 2 * STRETCH)[..., :STRETCH]
    joined: torch.Tensor = filtered.transpose(1, 2).reshape(batch, BANDS, stretches * STRETCH)
    return joined
