"""The log-mel spectrogram that figures and HTML reports show; no metric and no loss uses it.

Definition: magnitudes of centred frames (1024 samples, periodic Hann window, hop 128, zeros outside the clip), summed
in 80 triangular bands of unit area on Slaney's mel scale, in dB. It is computed with numpy, so that reports need no
torch.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from hsbench.audio.mel import filter_bank, mel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

N_FFT, HOP, BANDS = 1024, 128, 80
FLOOR = 1e-10
"""Smallest magnitude that is shown, -200 dB; smaller ones are raised to it."""

_bank = functools.cache(filter_bank)


def log_mel(waveform: ArrayLike, sample_rate: int) -> NDArray[np.float64]:
    """Return the level of a waveform by mel band and time.

    Args:
        waveform: [samples], finite, full scale +-1.
        sample_rate: in Hz.

    Returns:
        [BANDS, 1 + samples // HOP] in dB, lowest band first. There is no reference level, so only differences of levels
        mean something.
    """
    padded = np.pad(np.asarray(waveform, np.float64), N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    magnitudes = np.abs(np.fft.rfft(frames * np.hanning(N_FFT + 1)[:-1], axis=1)).T
    levels = _bank(sample_rate, N_FFT, BANDS) @ magnitudes
    decibels: NDArray[np.float64] = 20 * np.log10(np.maximum(levels, FLOOR))
    return decibels


def extent(samples: int, sample_rate: int) -> tuple[float, float, float, float]:
    """Return the edges of the spectrogram as an image: left and right in seconds, bottom and top in mel.

    Half a hop and half a band are added on each side, so that the centre of a pixel lies at the time of its frame and
    at the centre of its band.

    Args:
        samples: length of the waveform.
        sample_rate: in Hz.
    """
    step = float(mel(np.array(sample_rate / 2))) / (BANDS + 1)
    half = HOP / 2 / sample_rate
    return -half, samples // HOP * HOP / sample_rate + half, step / 2, step * (BANDS + 0.5)
