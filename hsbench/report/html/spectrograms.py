"""Spectrograms of a clip and of its reconstructions as small PNG files with one colour scale."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from hsbench.audio.log_mel import BANDS, HOP, N_FFT, log_mel

if TYPE_CHECKING:
    from numpy.typing import NDArray

RANGE = 80.0
"""Range of the colour scale in dB, from black to the loudest point of the original."""

VERSION = 1
"""Part of the file names; raise it when the picture of the same sound changes."""

CAPTION = (
    f"Log-mel spectrograms: {BANDS} mel bands from 0 Hz (bottom) to half the sample rate (top), {N_FFT}-sample Hann "
    f"window, hop {HOP}; one colour scale for the whole page, from {RANGE:.0f} dB below the loudest point of the "
    "original (dark) to that point (bright). Louder points have the brightest colour, too."
)


def loudest(original: NDArray[np.float32], sample_rate: int) -> float:
    """Return the upper end of a clip's colour scale: [samples] -> level of the loudest point [dB]."""
    return float(log_mel(original, sample_rate).max())


def png(waveform: NDArray[np.float32], sample_rate: int, top: float) -> bytes:
    """Return the spectrogram of a waveform as PNG: one pixel per band and frame, low bands at the bottom.

    Args:
        waveform: [samples]; samples that are not finite are shown as silence.
        sample_rate: sample rate [Hz].
        top: level [dB] of the brightest colour; the darkest one is RANGE below.
    """
    from matplotlib import colormaps
    from PIL import Image

    decibels = log_mel(np.nan_to_num(waveform, nan=0.0, posinf=0.0, neginf=0.0), sample_rate)
    shade = np.clip((decibels - (top - RANGE)) / RANGE, 0, 1)
    # 64 shades are 80 / 64 = 1.25 dB apart, too little to be seen, and halve the size of the file.
    image = Image.fromarray(np.ascontiguousarray((shade[::-1] * 63).round().astype(np.uint8)), "P")
    colours = (colormaps["magma"](np.linspace(0, 1, 64))[:, :3] * 255).round().astype(np.uint8)
    image.putpalette(colours.tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=False)
    return buffer.getvalue()
