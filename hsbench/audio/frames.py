"""Frames of the log-spectral distance: their length and hop, and the share of them that is digitally silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def lsd_frame(sample_rate: int) -> tuple[int, int]:
    """Return the frame length and the hop in samples at a sample rate in Hz: 1024 and 220 at 22 050 Hz."""
    return int(2048 / (44100 / sample_rate)), int(sample_rate / 100)


def silent_share(waveform: NDArray[np.float32], sample_rate: int) -> float:
    """Return the share, 0 to 1, of centred frames in which every sample is zero.

    Such a frame of a reference scores an LSD of 12 whatever the estimate is.

    Args:
        waveform: [samples].
        sample_rate: in Hz.
    """
    length, hop = lsd_frame(sample_rate)
    # The running count of non-zero samples is the same at both ends of a frame exactly if the frame holds none.
    nonzero = np.concatenate([[0], np.cumsum(waveform != 0)])
    centres = np.arange(0, waveform.size + 1, hop)
    first, end = (
        np.clip(centres - length // 2, 0, waveform.size),
        np.clip(centres + length // 2, 0, waveform.size),
    )
    return float(np.mean(nonzero[end] == nonzero[first]))
