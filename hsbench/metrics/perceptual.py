"""Perceptual metrics: PESQ.

Conventions
    x = reference, y = estimate, both [samples] at 16 000 Hz; the scorer resamples other rates (hsbench.audio.resample).

Metrics
    pesq    predicted mean opinion score, wide band (P.862.2 without Corrigendum 2), by the package pesq
            about 1.02 .. 4.64, higher is better (the paper prints 4.5 as ideal)

Undefined
    "target_silent", "estimate_silent" for a silent reference or estimate;
    "no_utterances" where the package finds no speech in the reference;
    "too_short" below a quarter of a second.

Limits
    The recommendation was validated for utterances of several seconds. Clips of 1.5 s are shorter than that, so values
    serve for comparison between models and are no opinion scores. The package consists of the ITU's own C code, whose
    licence allows evaluation only; it is compiled during installation and holds Python's interpreter lock.

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
            worst=1.0,
            undefined_for=("target_silent", "estimate_silent"),
            in_pool=True,
        ),
    ),
]


def pesq(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Return the wide-band PESQ; both [samples] at 16 000 Hz.

    Raises:
        Undefined: "no_utterances" or "too_short".
    """
    import pesq as package

    try:
        pair = (signal.astype(np.float32) for signal in (reference, estimate))  # as in the reference code
        return float(package.pesq(sample_rate, *pair, "wb"))
    except package.NoUtterancesError:
        raise Undefined("no_utterances") from None
    except package.BufferTooShortError:
        raise Undefined("too_short") from None
