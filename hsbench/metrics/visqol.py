"""ViSQOL, the virtual speech quality objective listener, version 3 in its speech mode.

Conventions
    x = reference, y = estimate, both [samples] at 16 000 Hz; the scorer resamples other rates (hsbench.audio.resample).

Metrics
    visqol  predicted mean opinion score, speech mode, by the package visqol-python: similarity (NSIM) of gammatone
            spectrograms, patch by patch after an alignment in time, mapped to the scale of opinions by the package's
            polynomial mapper, scaled so that an identical estimate scores 5
            1 .. 5, higher is better

Version
    The number of the version stands for the mapper: version 1 is the polynomial mapper. The lattice mapper of the C++
    program (an extra of the package, with a runtime of its own) is never used, also where it is installed; its values
    are 1 to 2 points lower and would be another version.

Undefined
    "target_silent", "estimate_silent" for a silent reference or estimate (the package returns NaN for a silent
    estimate);
    "too_short" below 0.7 s, where the package can cut no patch from the reference;
    "no_utterances" where its voice detection leaves none.

Limits
    ViSQOL was developed on recordings of 8 to 10 s; its maintainers ask for at least 3 s. Scores of shorter clips, such
    as the benchmark's of 1.5 s, have a remark that says so. Level, polarity and a delay below 1 s hardly matter.

References
    Chinen et al., "ViSQOL v3: An Open Source Production Ready Objective Speech and Audio Metric", QoMEX 2020.
    Checked against the package itself (visqol-python 3.8.0, Apache-2.0), which holds its model.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.descriptors import MetricDescriptor, MetricInfo
from hsbench.metrics.base import Undefined

if TYPE_CHECKING:
    from numpy.typing import NDArray

DESCRIPTORS = [
    MetricDescriptor(
        name="visqol",
        target="hsbench.metrics.visqol:visqol",
        summary="ViSQOL v3, speech mode, polynomial mapper; needs hsbench[visqol]",
        needs=("visqol", "torchaudio"),
        extra="visqol",
        info=MetricInfo(
            label="ViSQOL",
            better="higher",
            ideal=5.0,
            bounds=(1.0, 5.0),
            sample_rate=16000,
            tolerance=1e-4,
            undefined_for=("target_silent", "estimate_silent"),
            worst=1.0,
            in_pool=True,
            shortest_seconds=3.0,
        ),
    ),
]

SHORTEST = 0.7
"""Seconds below which the package cuts no patch of 0.4 s from the middle of a waveform."""


def visqol(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Return the ViSQOL of speech; both [samples] at 16 000 Hz.

    Raises:
        Undefined: "too_short", "no_utterances" or "estimate_silent".
    """
    if reference.size < SHORTEST * sample_rate:
        raise Undefined("too_short")
    with np.errstate(all="ignore"):
        try:
            result = _listener().measure_from_arrays(reference, estimate, sample_rate)
        except IndexError:  # the package takes the first of no patches
            raise Undefined("no_utterances") from None
    if np.isnan(result.moslqo):
        raise Undefined("estimate_silent")
    return float(result.moslqo)


@functools.cache
def _listener() -> Any:
    """Return the package's object, which holds no state of a pair."""
    from visqol.api import VisqolApi  # type: ignore[import-not-found, import-untyped, unused-ignore]

    listener = VisqolApi()
    listener.create(mode="speech", use_lattice_model=False)
    return listener
