"""The mel filter bank of the training loss: triangles on Slaney's scale, each of unit area (Slaney's norm).

torchaudio.functional.melscale_fbanks is no replacement: it computes the same bank in float32 (the largest difference
is 5e-6 of the largest weight), warns of empty bands, and needs torch, which reports do not import.
References: Slaney 1998, "Auditory Toolbox"; checked against torchaudio and against the reference loss.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEP = 200 / 3
"""Hz per mel below 1000 Hz. Above, the scale is logarithmic: 27 mels for a factor of 6.4 in frequency."""
_BREAK = 1000.0
_LOG_STEP = math.log(6.4) / 27


def mel(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert frequencies in Hz, of any shape, to mel on Slaney's scale."""
    above = _BREAK / _STEP + np.log(np.maximum(frequency, _BREAK) / _BREAK) / _LOG_STEP
    return np.where(frequency < _BREAK, frequency / _STEP, above)


def hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert mel, of any shape, to frequencies in Hz: the inverse of `mel`."""
    kink = _BREAK / _STEP
    return np.where(mels < kink, mels * _STEP, _BREAK * np.exp((np.maximum(mels, kink) - kink) * _LOG_STEP))


def filter_bank(sample_rate: int, n_fft: int, bands: int) -> NDArray[np.float64]:
    """Return the weight of each frequency in each band, for bands from 0 Hz to half the sample rate.

    Args:
        sample_rate: in Hz.
        n_fft: transform length in samples.
        bands: number of triangles.

    Returns:
        [bands, n_fft // 2 + 1]. A band that is narrower than the spacing of the frequencies may be all zeros.
    """
    # The edges are equally spaced in mel; band b rises from edge b to edge b + 1 and falls to edge b + 2. A triangle of
    # height 2 / width has unit area.
    frequencies = np.arange(n_fft // 2 + 1) * (sample_rate / n_fft)
    edges = hertz(np.linspace(0.0, float(mel(np.array(sample_rate / 2))), bands + 2))
    low, centre, high = (edges[start : start + bands, None] for start in range(3))
    rise, fall = (frequencies - low) / (centre - low), (high - frequencies) / (high - centre)
    return np.maximum(0.0, np.minimum(rise, fall)) * (2 / (high - low))
