"""Pseudo-quadrature mirror filter bank: a signal as 16 bands at a sixteenth of its rate, and back.

The prototype is a Kaiser low-pass of 100 dB whose autocorrelation is nearest to an M-th band one (Lin and Vaidyanathan
1998); the bands are its cosine modulations:

    h_k[t] = 2 h[t] cos((2k + 1) pi / (2M) t + (-1)^k pi / 4),    t counted from the middle,    M = 16

The definition is that of RAVE 1 (Caillon and Esling 2021), rebuilt from its numbers: 377 taps in a frame of 512, odd
bands with the sign turned at even times, and a round trip that comes back LAG samples late, since the synthesis is
cut 16 samples early. Aligned, it rebuilds speech to about 51 dB.

Conventions: signals are [batch, time], bands [batch, 16, time / 16].
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F

from hsbench.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

BANDS = 16
FRAME = 512
"""Taps of a band's filter, zeros included."""
ATTENUATION = 100.0
"""Of the prototype's stop band [dB]."""
LAG = BANDS
"""Samples by which `synthesise(analyse(x))` is later than x."""


@functools.cache
def prototype() -> NDArray[np.float64]:
    """The low-pass: [377], odd and symmetric."""
    from scipy.optimize import fmin

    cutoff = float(fmin(lambda cutoff: _ripple(float(cutoff[0])), [1 / BANDS], disp=0)[0])
    return _low_pass(cutoff)


@functools.cache
def bank() -> torch.Tensor:
    """The filters: [16, 512] float32, for a correlation."""
    low_pass = prototype()
    t = np.arange(low_pass.size) - low_pass.size // 2
    k = np.arange(BANDS)[:, None]
    filters = 2 * low_pass * np.cos((2 * k + 1) * math.pi / (2 * BANDS) * t + (-1.0) ** k * math.pi / 4)
    before = (FRAME - low_pass.size) // 2
    padded = np.pad(filters, ((0, 0), (before, FRAME - low_pass.size - before)))
    with torch.inference_mode(False):  # what is kept serves training too, whoever asks first
        return torch.from_numpy(padded).float()


def analyse(waveform: torch.Tensor) -> torch.Tensor:
    """[batch, time] -> [batch, 16, time / 16].

    Raises:
        UsageError: the time is no multiple of 16.
    """
    if waveform.shape[-1] % BANDS:
        raise UsageError(f"the filter bank expects a multiple of {BANDS} samples, got {waveform.shape[-1]}; pad it.")
    padded = F.pad(waveform[:, None], (FRAME // 2, FRAME // 2))
    taken = F.conv1d(padded, bank().to(waveform)[:, None], stride=BANDS)
    return _turned(taken[..., : waveform.shape[-1] // BANDS])


def synthesise(bands: torch.Tensor) -> torch.Tensor:
    """[batch, 16, time / 16] -> [batch, time], LAG samples late."""
    spread = F.conv_transpose1d(_turned(bands), bank().to(bands)[:, None], stride=BANDS)[:, 0]
    first = FRAME // 2 - LAG
    return BANDS * spread[:, first : first + BANDS * bands.shape[-1]]


def _turned(bands: torch.Tensor) -> torch.Tensor:
    """Odd bands with the sign turned at even times: its own inverse."""
    sign = torch.ones(2, 2, dtype=bands.dtype, device=bands.device)
    sign[1, 0] = -1
    return bands * sign.repeat(BANDS // 2, math.ceil(bands.shape[-1] / 2))[:, : bands.shape[-1]]


def _low_pass(cutoff: float) -> NDArray[np.float64]:
    """A Kaiser low-pass with a transition band as wide as its cutoff [rad / sample]: [odd]."""
    from scipy.signal import firwin, kaiserord

    count, beta = kaiserord(ATTENUATION, cutoff / math.pi)
    taps: NDArray[np.float64] = firwin(
        2 * (count // 2) + 1, cutoff, window=("kaiser", beta), scale=False, fs=2 * math.pi
    )
    return taps


def _ripple(cutoff: float) -> float:
    """How far a low-pass's autocorrelation is from an M-th band one: its largest value at multiples of 2M but 0."""
    low_pass = _low_pass(cutoff)
    own = np.convolve(low_pass, low_pass[::-1])
    return float(np.abs(own[low_pass.size - 1 :: 2 * BANDS][1:]).max())
