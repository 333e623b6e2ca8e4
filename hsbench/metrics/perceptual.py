"""Perceptual metrics: PESQ.

Conventions
    x = reference, y = estimate, both [samples] at 16 000 Hz; the suite brings other rates there with the one resampler.

Metrics
    pesq    P.862.2 wide-band mean opinion score, (reference, degraded), by the package pesq 0.0.4
            about 1.02 .. 4.64, higher is better (the paper prints 4.5 as ideal)

Undefined
    for a silent reference or estimate; "no_utterances" where the package finds no speech in the reference, "too_short"
    below a quarter of a second. This is P.862.2 without Corrigendum 2. The recommendation was validated for utterances
    of several seconds: a clip of 1.5 s is outside of it, and values are for comparison between models only. The package
    carries the ITU's own C code (evaluation only), is compiled when installed, and holds the interpreter's lock.

References
    ITU-T P.862.2 (2007). Checked against the HyperSound reference (pesq 0.0.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hsbench.descriptors import MetricDescriptor, MetricInfo
from hsbench.metrics.base import Undefined

if TYPE_CHECKING:
    from numpy.typing import NDArray

DESCRIPTORS = [
    MetricDescriptor(
        name="pesq",
        target="hsbench.metrics.perceptual:pesq",
        summary="perceptual evaluation of speech quality, wide band",
        needs=("pesq", "torchaudio"),
        info=MetricInfo(
            label="PESQ",
            better="higher",
            ideal=4.5,
            bounds=(1.0, 4.65),
            sample_rate=16000,
            tolerance=1e-4,
            undefined_for=("target_silent", "estimate_silent"),
            in_pool=True,
        ),
    ),
]


def pesq(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Wide-band PESQ; both [samples] at 16 000 Hz.

    Raises:
        Undefined: "no_utterances" or "too_short".
    """
    import pesq as package

    try:
        pair = (signal.astype(np.float32) for signal in (reference, estimate))  # as the reference code calls it
        return float(package.pesq(sample_rate, *pair, "wb"))
    except package.NoUtterancesError:
        raise Undefined("no_utterances") from None
    except package.BufferTooShortError:
        raise Undefined("too_short") from None
