"""The log-mel spectrogram that figures and pages show: a picture for people, no part of any metric or loss.

Magnitudes (1024 samples, periodic Hann window, hop 128, centred, zeros outside the clip) in 80 triangles of unit area
on Slaney's mel scale, in dB.
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
"""Magnitude below which nothing is told apart: -200 dB."""

_bank = functools.cache(filter_bank)


def log_mel(waveform: ArrayLike, sample_rate: int) -> NDArray[np.float64]:
    """Levels of a sound by band and time.

    Args:
        waveform: [samples], finite, full scale +-1.
        sample_rate: in Hz.

    Returns:
        [BANDS, 1 + samples // HOP] in dB, low bands first, without a reference level: compare, do not read off.
    """
    padded = np.pad(np.asarray(waveform, np.float64), N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    magnitudes = np.abs(np.fft.rfft(frames * np.hanning(N_FFT + 1)[:-1], axis=1)).T
    levels = _bank(sample_rate, N_FFT, BANDS) @ magnitudes
    decibels: NDArray[np.float64] = 20 * np.log10(np.maximum(levels, FLOOR))
    return decibels


def extent(samples: int, sample_rate: int) -> tuple[float, float, float, float]:
    """Edges of that picture: left and right in seconds, bottom and top in mel (see hsbench.audio.mel)."""
    step = float(mel(np.array(sample_rate / 2))) / (BANDS + 1)
    half = HOP / 2 / sample_rate
    return -half, samples // HOP * HOP / sample_rate + half, step / 2, step * (BANDS + 0.5)
