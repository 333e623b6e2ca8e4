"""Pseudo-quadrature mirror filter bank (PQMF): a waveform as 16 bands at a sixteenth of its rate, and back.

The prototype h is a Kaiser low-pass filter with a stop band of 100 dB. The filter of band k is the prototype times a
cosine (Lin and Vaidyanathan 1998):

    h_k[t] = 2 h[t] cos(w_k t + p_k),   w_k = (2k + 1) pi / (2M),   p_k = (-1)^k pi / 4,   t from the middle,   M = 16

The definition is that of RAVE 1 (Caillon and Esling 2021), derived from its published numbers: 377 taps in a frame of
512; odd bands change sign at even times; the output of the synthesis begins 16 samples early, so a round trip is LAG
samples late. With the lag removed, the round trip reconstructs speech to about 51 dB.

Conventions: waveforms are [batch, time], bands [batch, 16, time / 16].
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
"""Length of a band's filter in taps, with the zeros on both sides."""
ATTENUATION = 100.0
"""Attenuation of the prototype's stop band in dB."""
LAG = BANDS
"""Number of samples by which `synthesise(analyse(x))` is later than x."""

# Why the round trip is nearly exact. The analysis correlates with h_k and keeps every M-th sample; the synthesis is the
# transpose of the analysis, times M. For frequency w, H(w) the real, even spectrum of h, and
#
#     H_k(w) = exp(i p_k) H(w - w_k) + exp(-i p_k) H(w + w_k),
#
# the output spectrum is  Y(w) = sum_l X(w - 2 pi l / M) sum_k H_k(w) conj(H_k(w - 2 pi l / M)),   l = 0 ... M - 1.
#
# 1. The wanted part is l = 0: sum_k |H_k(w)|^2. The cross terms of |H_k|^2 have the factor 2 cos(2 p_k) = 0, since
#    2 p_k = +-pi/2. The rest is sum_j H(w - (2j + 1) pi / (2M))^2, the power spectrum of h shifted by all multiples of
#    pi / M. Shifted copies of a spectrum at the distance 2 pi / (2M) add up to a constant exactly if its inverse
#    transform, the autocorrelation of h, is zero at all multiples of 2M other than 0. No Kaiser low-pass has exactly
#    that; `prototype` chooses the cut-off that comes nearest.
#
# 2. The other parts, l > 0, are aliases. H vanishes (to 100 dB) beyond pi / M. The product of band k is therefore other
#    than zero only where w lies near w_k and w - 2 pi l / M near -w_k (or the reverse, at negative frequencies): for
#    k = l and k = l - 1. Both bands have the same product, H(w - w_l) H(w - w_(l-1)), with the factors exp(2i p_l) and
#    exp(2i p_(l-1)). Since p_k changes sign from band to band, these are i and -i, and the two aliases cancel.


@functools.cache
def prototype() -> NDArray[np.float64]:
    """Return the prototype low-pass filter: [377], symmetric."""
    from scipy.optimize import fmin

    cutoff = float(fmin(lambda cutoff: _ripple(float(cutoff[0])), [1 / BANDS], disp=0)[0])
    return _low_pass(cutoff)


@functools.cache
def bank(device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """Return the filters of all bands: [16, 512], to be used in a correlation."""
    low_pass = prototype()
    t = np.arange(low_pass.size) - low_pass.size // 2
    k = np.arange(BANDS)[:, None]
    filters = 2 * low_pass * np.cos((2 * k + 1) * math.pi / (2 * BANDS) * t + (-1.0) ** k * math.pi / 4)
    before = (FRAME - low_pass.size) // 2
    padded = np.pad(filters, ((0, 0), (before, FRAME - low_pass.size - before)))
    with torch.inference_mode(False):  # the cached tensor is used in training too, even if inference asks for it first
        return torch.from_numpy(padded).float().to(device, dtype)


def analyse(waveform: torch.Tensor) -> torch.Tensor:
    """Split waveforms [batch, time] into bands [batch, 16, time / 16].

    Raises:
        UsageError: the time is not a multiple of 16.
    """
    if waveform.shape[-1] % BANDS:
        raise UsageError(f"the filter bank expects a multiple of {BANDS} samples, got {waveform.shape[-1]}; pad it.")
    padded = F.pad(waveform[:, None], (FRAME // 2, FRAME // 2))
    bands = F.conv1d(padded, bank(waveform.device, waveform.dtype)[:, None], stride=BANDS)
    return _mirror_odd_bands(bands[..., : waveform.shape[-1] // BANDS])


def synthesise(bands: torch.Tensor) -> torch.Tensor:
    """Join bands [batch, 16, time / 16] to waveforms [batch, time], which are LAG samples late."""
    summed = F.conv_transpose1d(_mirror_odd_bands(bands), bank(bands.device, bands.dtype)[:, None], stride=BANDS)[:, 0]
    first = FRAME // 2 - LAG
    return BANDS * summed[:, first : first + BANDS * bands.shape[-1]]


def _mirror_odd_bands(bands: torch.Tensor) -> torch.Tensor:
    """Change the sign of odd bands at even times; doing it twice changes nothing.

    Keeping every M-th sample turns the spectrum of an odd band upside down, with its high end at frequency 0. The
    alternating sign shifts it by half the rate, so low frequencies come first in every band.
    """
    sign = torch.ones(2, 2, dtype=bands.dtype, device=bands.device)
    sign[1, 0] = -1
    return bands * sign.repeat(BANDS // 2, math.ceil(bands.shape[-1] / 2))[:, : bands.shape[-1]]


def _low_pass(cutoff: float) -> NDArray[np.float64]:
    """Return a Kaiser low-pass filter whose transition band is as wide as its cut-off in radians per sample: [odd]."""
    from scipy.signal import firwin, kaiserord

    count, beta = kaiserord(ATTENUATION, cutoff / math.pi)
    taps: NDArray[np.float64] = firwin(
        2 * (count // 2) + 1, cutoff, window=("kaiser", beta), scale=False, fs=2 * math.pi
    )
    return taps


def _ripple(cutoff: float) -> float:
    """Return the largest magnitude of a low-pass filter's autocorrelation at positive multiples of 2M."""
    low_pass = _low_pass(cutoff)
    autocorrelation = np.convolve(low_pass, low_pass[::-1])
    return float(np.abs(autocorrelation[low_pass.size - 1 :: 2 * BANDS][1:]).max())
