"""Estimate the lag (in samples), the gain and the polarity of an estimate relative to its reference.

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


class Alignment(NamedTuple):
    """The lag and the gain of an estimate that resembles its reference.

    Attributes:
        lag: samples by which the estimate is late; negative where it is early.
        gain: factor of the reference that is nearest to the estimate at that lag; negative where it is inverted.
    """

    lag: int
    gain: float


RESEMBLES = 0.5
"""Least magnitude of the correlation at which lag and gain are stated. The best lag of an unrelated estimate is chance.

At 0.5 the multiple of the reference explains a quarter of the energy of the estimate, an SI-SNR of -4.8 dB."""


def alignment(reference: NDArray[np.floating], estimate: NDArray[np.floating], reach: int = 1024) -> Alignment | None:
    """Return lag and gain of an estimate; None where it does not resemble its reference at any lag.

    Args:
        reference: [samples].
        estimate: [samples], as long as the reference.
        reach: largest lag in either direction that is considered, in samples.

    Returns:
        None also where the lengths differ, and where a waveform is silent or not finite.
    """
    if reference.shape != estimate.shape or reference.size == 0:
        return None
    x, y = reference.astype(np.float64), estimate.astype(np.float64)
    energy_x, energy_y = float(np.sum(x * x)), float(np.sum(y * y))
    if not (0 < energy_x < np.inf and 0 < energy_y < np.inf):
        return None
    # correlation[lag] = sum_n x[n] y[n + lag] is the inverse transform of conj(X) Y. Transforms of twice the length
    # keep the ends of the waveforms apart. scipy is not used here, since the import would delay `hsbench score`.
    size = 1 << (2 * x.size - 1).bit_length()
    correlation = np.fft.irfft(np.conj(np.fft.rfft(x, size)) * np.fft.rfft(y, size), size)
    reach = min(reach, x.size - 1)
    lags = np.concatenate([np.arange(reach + 1), np.arange(-reach, 0)])
    best = int(lags[np.abs(correlation[lags]).argmax()])
    product = float(correlation[best])
    if abs(product) < RESEMBLES * np.sqrt(energy_x) * np.sqrt(energy_y):
        return None
    # Only the overlapping part of the reference takes part in the product, so only its energy divides it.
    overlap = x[: x.size - best] if best >= 0 else x[-best:]
    return Alignment(best, product / float(np.sum(overlap * overlap)))


def advanced(waveform: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    """Return a waveform moved some samples earlier (later, if negative), as long as before, with zeros at its end."""
    zeros = np.zeros(min(abs(samples), waveform.size), waveform.dtype)
    if samples < 0:
        return np.concatenate([zeros, waveform[: waveform.size - zeros.size]])
    return np.concatenate([waveform[samples:], zeros])
