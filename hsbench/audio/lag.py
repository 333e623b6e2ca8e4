"""How late a sound is, and which way up: the best match of two sounds over a range of delays.

Conventions: sounds are [samples] floating point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Match(NamedTuple):
    """Where two sounds match best.

    Attributes:
        lag: samples by which the estimate is late.
        correlation: their normalised correlation at that lag, -1 to 1; negative where the polarity is turned.
    """

    lag: int
    correlation: float


def best_match(reference: NDArray[np.floating], estimate: NDArray[np.floating], reach: int = 1024) -> Match:
    """The lag of the largest correlation, in magnitude.

    Args:
        reference: [samples].
        estimate: [samples].
        reach: lags from -reach to reach are tried.

    Returns:
        The match; lag 0 and correlation 0 where a sound is silent or not finite.
    """
    norm = float(np.linalg.norm(reference) * np.linalg.norm(estimate))
    if not 0 < norm < np.inf:
        return Match(0, 0.0)
    reach = min(reach, reference.size - 1)
    size = 1 << (reference.size + reach).bit_length()
    spectrum = np.conj(np.fft.rfft(reference, size)) * np.fft.rfft(estimate, size)
    circular = np.fft.irfft(spectrum, size)
    found = np.concatenate([circular[-reach:], circular[: reach + 1]]) if reach else circular[:1]
    best = int(np.abs(found).argmax())
    return Match(best - reach, float(found[best]) / norm)


def advanced(waveform: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    """A sound some samples earlier, with zeros at its end: [samples] -> the same length."""
    return np.concatenate([waveform[samples:], np.zeros(min(samples, waveform.size), waveform.dtype)])
