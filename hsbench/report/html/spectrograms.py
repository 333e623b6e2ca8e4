"""Spectrograms of a clip and its reconstructions as small PNG files on one colour scale."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from hsbench.audio.log_mel import BANDS, HOP, N_FFT, log_mel

if TYPE_CHECKING:
    from numpy.typing import NDArray

RANGE = 80.0
"""dB from black to the loudest point of the original."""

VERSION = 1
"""Raised when pictures of the same sound change; part of their names."""

CAPTION = (
    f"Log-mel spectrograms: {BANDS} mel bands from 0 Hz (bottom) to half the sample rate (top), {N_FFT}-sample Hann "
    f"window, hop {HOP}; one colour scale for the whole page, from {RANGE:.0f} dB below the loudest point of the "
    "original (dark) to that point (bright). What is louder is shown as bright as that."
)


def loudest(original: NDArray[np.float32], sample_rate: int) -> float:
    """The upper end of a clip's colour scale, in dB. [samples] -> dB."""
    return float(log_mel(original, sample_rate).max())


def png(waveform: NDArray[np.float32], sample_rate: int, top: float) -> bytes:
    """A picture of one waveform, a pixel for each band and frame, low bands at the bottom.

    Args:
        waveform: [samples]; what is not finite is shown as silence.
        sample_rate: in Hz.
        top: dB shown brightest, RANGE below it darkest.
    """
    from matplotlib import colormaps
    from PIL import Image

    decibels = log_mel(np.nan_to_num(waveform, nan=0.0, posinf=0.0, neginf=0.0), sample_rate)
    shade = np.clip((decibels - (top - RANGE)) / RANGE, 0, 1)
    # 64 shades are 1.25 dB apart, which no eye tells, and halve the file.
    image = Image.fromarray(np.ascontiguousarray((shade[::-1] * 63).round().astype(np.uint8)), "P")
    colours = (colormaps["magma"](np.linspace(0, 1, 64))[:, :3] * 255).round().astype(np.uint8)
    image.putpalette(colours.tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=False)
    return buffer.getvalue()
