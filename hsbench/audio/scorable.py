"""Conditions that sound from any source has to meet before it is scored: a usable sample rate and a plausible peak.

Conventions: waveforms are [samples], float, full scale +-1; rates are in Hz. Each function returns one sentence that
says what was expected, what came and what to do, or None where the condition is met.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from hsbench.audio.kernel import ROLLOFF, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

LOUDEST = 2.0
"""Largest peak of a waveform with full scale +-1, which the output of a lossy codec may exceed a little."""
RATES = 1000, 1_000_000
"""Lowest and highest accepted sample rate: a file with another one has a damaged header."""
LARGEST_KERNEL = 30_000_000
"""Largest number of coefficients of a resampling kernel; computing it takes about 40 bytes for each."""


def too_loud(what: str, waveform: NDArray[np.floating]) -> str | None:
    """Return a sentence if the finite samples of a waveform have a peak above LOUDEST, as unscaled integers have.

    Args:
        what: how the sentence calls the waveform, such as "the reference".
        waveform: [samples].
    """
    magnitudes = np.abs(waveform)
    peak = float(magnitudes.max(initial=0.0, where=np.isfinite(magnitudes)))
    if peak <= LOUDEST:
        return None
    return (
        f"{what} should have full scale +-1 and has a peak of {peak:.6g}; divide its samples by their full scale, "
        "32768 for 16 bits."
    )


def unusable_rate(rate: int, targets: Iterable[int | None]) -> str | None:
    """Return a sentence if a sample rate is out of range, or cannot be converted with a kernel of moderate size.

    Args:
        rate: sample rate of the sound, positive.
        targets: sample rates at which metrics are computed; None for the rate of the sound.
    """
    low, high = RATES
    if not low <= rate <= high:
        return f"a sample rate from {low} to {high} Hz is expected, got {rate} Hz; correct the rate."
    for target in targets:
        if target is not None and _kernel_size(rate, target) > LARGEST_KERNEL:
            return (
                f"a metric needs {target} Hz, and {rate} Hz has too few common factors with it to be converted in "
                "memory; resample the sound to a common rate such as 44100 Hz first."
            )
    return None


# With g = gcd(source, target), the resampler has target / g different kernels (see hsbench.audio.resample). Each covers
# source / g samples, and WIDTH zero crossings of the sinc on either side. Two rates without a common factor, such as
# 44101 and 16000, would give 16000 kernels of 44475 coefficients: 5.7 GB in float64, and several times that on the way.


def _kernel_size(source: int, target: int) -> int:
    """Return the number of coefficients of all kernels that convert one sample rate to another."""
    common = math.gcd(source, target)
    period, kernels = source // common, target // common
    return kernels * (period + 2 * math.ceil(WIDTH * period / (ROLLOFF * min(period, kernels))))
