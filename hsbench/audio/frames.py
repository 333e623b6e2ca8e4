"""Frames of the log-spectral distance: how long, how far apart, and how many of them hold digital silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def lsd_frame(sample_rate: int) -> tuple[int, int]:
    """Length and hop in samples at a rate in Hz: 1024 and 220 at 22 050 Hz."""
    return int(2048 / (44100 / sample_rate)), int(sample_rate / 100)


def silent_share(waveform: NDArray[np.float32], sample_rate: int) -> float:
    """Share of centred frames in which every sample is zero; each scores an LSD of 12 whatever the estimate is.

    Args:
        waveform: [samples].
        sample_rate: in Hz.
    """
    length, hop = lsd_frame(sample_rate)
    loud = np.concatenate([[0], np.cumsum(waveform != 0)])
    centres = np.arange(0, waveform.size + 1, hop)
    first, last = (
        np.clip(centres - length // 2, 0, waveform.size),
        np.clip(centres + length // 2, 0, waveform.size),
    )
    return float(np.mean(loud[last] == loud[first]))
