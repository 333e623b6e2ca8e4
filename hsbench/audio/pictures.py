"""Log-mel spectrograms for the eye.

Waveforms are float32 [samples], full scale +-1. 128 mel bands (Slaney's scale and norm) from 0 Hz to half the rate,
periodic Hann window of 1024 samples, hop 220, centred, zeros outside the clip: the frames of the log-spectral distance.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from hsbench.audio.mel import filter_bank

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE, HOP, BANDS = 1024, 220, 128
FLOOR = 1e-12
"""Power that silence is shown as."""

_bank = functools.cache(filter_bank)


def log_mel(waveform: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Power in mel bands, in dB: [samples] -> [BANDS, 1 + samples // HOP], low bands first."""
    padded = np.pad(waveform.astype(np.float32), SIZE // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, SIZE)[::HOP]
    window = np.hanning(SIZE + 1)[:-1].astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    decibels: NDArray[np.float32] = 10 * np.log10(np.maximum(power @ _bank(sample_rate, SIZE, BANDS).T, FLOOR))
    return decibels.T.astype(np.float32)
