"""RAVE v1's generator: from latent frames to sub-bands, as a waveform with a loudness envelope plus filtered noise.

    bands = tanh(wave) * m(loudness) + noise,    m(x) = 2 sigmoid(x)^2.3 + 1e-7

Noise (Engel et al. 2020): every band gets white noise, filtered separately in each stretch of 64 sub-band samples. The
generator chooses the filter's magnitude at 5 frequencies for each band and stretch.

* The inverse transform of 5 real magnitudes is an impulse response of 8 taps, real and symmetric about time 0. A Hann
  window, applied with time 0 in its middle, smooths the response between the 5 frequencies.
* Its taps before time 0 are stored at the end of the stretch of 64 taps, where a circular convolution over 64 samples
  would need them. The convolution is a linear one, over 128 samples, so these taps act 64 samples too late. The
  published code of RAVE 1, the source of all sizes here, does the same.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from hsbench.audio.pqmf import BANDS
from hsbench.audio.stft import window
from hsbench.models.rave.encoder import LATENTS, RATIOS
from hsbench.models.rave.layers import Residual, conv, leaky

if TYPE_CHECKING:
    from collections.abc import Sequence

STRETCH = 64
"""Sub-band samples for which one noise filter is used."""
FREQUENCIES = 5
"""Frequencies at which the magnitude of a noise filter is given, from 0 to half the rate of a band."""
TAPS = 2 * (FREQUENCIES - 1)
"""Length of a noise filter."""


class Generator(nn.Module):
    """Sub-bands of latents: [batch, 128, frames] -> [batch, 16, 128 frames].

    Args:
        capacity: channels before the three heads for waveform, loudness and noise; 64 in the paper.
        dilations: dilation of each residual block after an upsampling; acids-rave 2.3 has 1, 3 and 5 instead.
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
        """Return the sub-bands of latents.

        Args:
            latents: [batch, 128, frames].
            white: white noise, uniform in [-1, 1), [batch, 16, 128 frames]; None for no noise.
        """
        bands, amplitudes = self.heads(latents, white is not None)
        return bands if white is None or amplitudes is None else bands + coloured(white, amplitudes)

    def heads(self, latents: torch.Tensor, noisy: bool) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the sub-bands without noise, and the magnitudes of the noise's filters.

        Args:
            latents: [batch, 128, frames].
            noisy: whether there is noise.

        Returns:
            [batch, 16, 128 frames]; and [batch, 16 x 5, 2 frames], or None without noise.
        """
        x = self.net(latents)
        # The offset -5 makes the noise of an untrained generator faint: gain(-5) = 2e-5.
        return torch.tanh(self.wave(x)) * gain(self.loudness(x)), gain(self.noise(x) - 5) if noisy else None

    def compile_heads(self, backend: str) -> None:
        """Let torch compile `heads`, in place; the filters have complex spectra, for which it generates no code.

        Args:
            backend: name of torch's compiler backend.
        """
        heads = partial(type(self).heads, self)
        self.heads = torch.compile(heads, backend=backend)  # type: ignore[method-assign]


def gain(x: torch.Tensor) -> torch.Tensor:
    """Map any real number to a positive amplitude below 2 (plus a floor of 1e-7)."""
    return 2 * torch.sigmoid(x) ** 2.3 + 1e-7


def coloured(white: torch.Tensor, amplitudes: torch.Tensor) -> torch.Tensor:
    """Filter white noise, with a filter of its own in every band and stretch.

    Args:
        white: white noise, [batch, 16, time].
        amplitudes: [batch, 16 x 5, time / 64], magnitudes of the filters at 5 frequencies; those of a band are
            adjacent.

    Returns:
        [batch, 16, time].
    """
    batch, _, stretches = amplitudes.shape
    spectra = amplitudes.transpose(1, 2).reshape(batch, stretches, BANDS, FREQUENCIES)
    taps = torch.fft.irfft(spectra.to(torch.complex64), dim=-1).roll(TAPS // 2, -1)
    taps = taps * window(TAPS, taps.dtype, taps.device)
    impulse = F.pad(taps, (0, STRETCH - TAPS)).roll(-TAPS // 2, -1)
    pieces = white.view(batch, BANDS, stretches, STRETCH).transpose(1, 2)
    # Zero padding to twice the length makes the product of spectra a linear convolution. Only its first 64 samples are
    # kept, so the filter of a stretch does not ring into the next one.
    spectrum = torch.fft.rfft(pieces, 2 * STRETCH) * torch.fft.rfft(impulse, 2 * STRETCH)
    filtered = torch.fft.irfft(spectrum, 2 * STRETCH)[..., :STRETCH]
    joined: torch.Tensor = filtered.transpose(1, 2).reshape(batch, BANDS, stretches * STRETCH)
    return joined
