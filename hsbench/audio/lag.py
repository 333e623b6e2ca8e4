"""Estimate the lag (in samples) and the polarity of an estimate relative to its reference.

Conventions: waveforms are [samples] floating point. A positive lag means that the estimate is late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Match(NamedTuple):
    """The lag at which an estimate matches its reference best.

    Attributes:
        lag: samples by which the estimate is late.
        correlation: normalised correlation at that lag, -1 to 1; negative where the polarity is inverted.
    """

    lag: int
    correlation: float


def best_match(reference: NDArray[np.floating], estimate: NDArray[np.floating], reach: int = 1024) -> Match:
    """Find the lag at which the correlation of two waveforms has its largest magnitude.

    Args:
        reference: [samples].
        estimate: [samples].
        reach: largest lag in either direction that is considered, in samples.

    Returns:
        The match; lag 0 and correlation 0 where a waveform is silent or not finite.
    """
    from scipy.signal import correlate, correlation_lags

    norm = float(np.linalg.norm(reference) * np.linalg.norm(estimate))
    if not 0 < norm < np.inf:
        return Match(0, 0.0)
    # correlation[lag] = sum_n reference[n] estimate[n + lag], with zeros outside the waveforms
    correlation = correlate(estimate, reference, method="fft")
    lags = correlation_lags(estimate.size, reference.size)
    within = np.abs(lags) <= reach
    correlation, lags = correlation[within], lags[within]
    best = int(np.abs(correlation).argmax())
    return Match(int(lags[best]), float(correlation[best]) / norm)


def advanced(waveform: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    """Return a waveform moved some samples earlier (later, if negative), as long as before, with zeros at its end."""
    zeros = np.zeros(min(abs(samples), waveform.size), waveform.dtype)
    if samples < 0:
        return np.concatenate([zeros, waveform[: waveform.size - zeros.size]])
    return np.concatenate([waveform[samples:], zeros])
