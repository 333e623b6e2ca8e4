"""The log-mel spectrogram that figures show: a picture for people, no part of any metric or loss.

Magnitudes of the house's STFT (1024 samples, hop 128) in 80 triangles of unit area on Slaney's mel scale, in dB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from hsbench.audio.mel import filter_bank, mel
from hsbench.audio.stft import magnitude

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

N_FFT, HOP, BANDS = 1024, 128, 80
FLOOR = 1e-10
"""Magnitude below which nothing is told apart: -200 dB."""


def log_mel(waveform: ArrayLike, sample_rate: int) -> NDArray[np.float64]:
    """Levels of a sound by band and time.

    Args:
        waveform: [samples], finite, full scale +-1.
        sample_rate: in Hz.

    Returns:
        [BANDS, 1 + samples // HOP] in dB, without a reference level: compare, do not read off.
    """
    signal = torch.from_numpy(np.asarray(waveform, np.float64))
    levels = filter_bank(sample_rate, N_FFT, BANDS) @ magnitude(signal, N_FFT, HOP, pad="constant").numpy()
    decibels: NDArray[np.float64] = 20 * np.log10(np.maximum(levels, FLOOR))
    return decibels


def extent(samples: int, sample_rate: int) -> tuple[float, float, float, float]:
    """Edges of that picture: left and right in seconds, bottom and top in mel (see hsbench.audio.mel)."""
    step = float(mel(np.array(sample_rate / 2))) / (BANDS + 1)
    half = HOP / 2 / sample_rate
    return -half, samples // HOP * HOP / sample_rate + half, step / 2, step * (BANDS + 0.5)
