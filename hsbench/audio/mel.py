"""The mel filter bank of the training loss: triangles on Slaney's scale, each of unit area (Slaney's norm).

Computed in float64; torchaudio's bank of the same definition is computed in float32 and warns where a triangle falls
between two frequencies. References: Slaney 1998, "Auditory Toolbox"; checked against torchaudio and against the
reference loss.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEP = 200 / 3
"""Hz per mel below 1000 Hz; above, the scale is logarithmic: 27 mels for a factor of 6.4."""
_BREAK = 1000.0
_LOG_STEP = math.log(6.4) / 27


def mel(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hz to mel, Slaney's scale; any shape."""
    above = _BREAK / _STEP + np.log(np.maximum(frequency, _BREAK) / _BREAK) / _LOG_STEP
    return np.where(frequency < _BREAK, frequency / _STEP, above)


def hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mel to Hz, the inverse of `mel`; any shape."""
    turn = _BREAK / _STEP
    return np.where(mels < turn, mels * _STEP, _BREAK * np.exp((np.maximum(mels, turn) - turn) * _LOG_STEP))


def filter_bank(sample_rate: int, n_fft: int, bands: int) -> NDArray[np.float64]:
    """Triangles from 0 Hz to half the rate.

    Args:
        sample_rate: in Hz.
        n_fft: transform length in samples.
        bands: number of triangles.

    Returns:
        [bands, n_fft // 2 + 1]; a band narrower than the spacing of frequencies may be empty.
    """
    frequencies = np.arange(n_fft // 2 + 1) * (sample_rate / n_fft)
    edges = hertz(np.linspace(0.0, float(mel(np.array(sample_rate / 2))), bands + 2))
    low, centre, high = (edges[start : start + bands, None] for start in range(3))
    rise, fall = (frequencies - low) / (centre - low), (high - frequencies) / (high - centre)
    return np.maximum(0.0, np.minimum(rise, fall)) * (2 / (high - low))
