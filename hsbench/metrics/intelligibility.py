"""Intelligibility metrics: STOI, the short-time objective intelligibility, and its extended variant ESTOI.

Conventions
    x = reference, y = estimate, both [samples], float64, at any rate (22 050 Hz in the benchmark).

Metrics
    stoi    Both waveforms are resampled to 10 kHz. Frames of 256 samples with hop 128 are dropped where the reference
            lies more than 40 dB below its loudest frame. The rest is analysed in 15 third-octave bands from 150 Hz.
            Over every 30 successive frames, each band of y is scaled to the energy of x, limited to 15 dB above x, and
            correlated with x. The value is the mean of these correlations over bands and segments of 30 frames.
            -1 .. 1, higher is better. This is the original measure.
    estoi   The extended measure: frames, bands and segments are those of stoi. In every segment of x and of y, each
            band loses its mean over time and is divided by its norm; then each frame loses its mean over bands and is
            divided by its norm. The value is the mean over segments of the mean correlation of the frames.
            -1 .. 1, higher is better. Unlike stoi, it takes modulated interferers into account.

Undefined
    "target_silent", "estimate_silent" for a silent reference or estimate;
    "not_enough_frames" where fewer than 30 frames are left, where pystoi warns and returns 1e-5.

Determinism
    pystoi adds noise of 1e-16 to the segments of ESTOI, from numpy's global generator. Where a band is digitally silent
    this noise is all there is, so the generator is seeded for the call and put back afterwards.

References
    Taal et al., "A Short-Time Objective Intelligibility Measure for Time-Frequency Weighted Noisy Speech", ICASSP 2010.
    Jensen and Taal, "An Algorithm for Predicting the Intelligibility of Speech Masked by Modulated Noise Maskers",
    IEEE/ACM TASLP 2016.
    Computed by the package pystoi; stoi was checked against the HyperSound reference (pystoi 0.3.3).
"""

from __future__ import annotations

import contextlib
import functools
import warnings
from typing import TYPE_CHECKING

import numpy as np

from hsbench.descriptors import MetricDescriptor, MetricInfo
from hsbench.metrics.base import Undefined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray


def _info(label: str) -> MetricInfo:
    return MetricInfo(
        label=label,
        better="higher",
        ideal=1.0,
        bounds=(-1.0, 1.0),
        tolerance=1e-9,
        undefined_for=("target_silent", "estimate_silent"),
        worst=0.0,  # no correlation; below it only by chance, although a correlation can be -1
        in_pool=True,
    )


DESCRIPTORS = [
    MetricDescriptor(
        name="stoi",
        target="hsbench.metrics.intelligibility:stoi",
        summary="short-time objective intelligibility",
        needs=("pystoi",),
        info=_info("STOI"),
    ),
    MetricDescriptor(
        name="estoi",
        target="hsbench.metrics.intelligibility:estoi",
        summary="extended short-time objective intelligibility",
        needs=("pystoi",),
        info=_info("ESTOI"),
    ),
]

RATE, FRAME = 10_000, 256
"""Sample rate in Hz at which STOI is defined, and length of its frames in samples."""
SENTINEL = 1e-5
"""What pystoi returns where too few frames are left."""


def stoi(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Return the short-time objective intelligibility; both [samples].

    Raises:
        Undefined: "not_enough_frames".
    """
    import pystoi  # type: ignore[import-untyped]

    return _value(pystoi.stoi, reference, estimate, sample_rate)


def estoi(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Return the extended short-time objective intelligibility; both [samples].

    Raises:
        Undefined: "not_enough_frames".
    """
    import pystoi

    with _seeded():
        return _value(functools.partial(pystoi.stoi, extended=True), reference, estimate, sample_rate)


def _value(
    measure: Callable[..., float], reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int
) -> float:
    """Return the value of a measure of pystoi.

    Raises:
        Undefined: "not_enough_frames", where pystoi warns and returns SENTINEL.
    """
    if reference.size * RATE <= FRAME * sample_rate:  # no frame at all: pystoi raises an IndexError
        raise Undefined("not_enough_frames")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", "Not enough STFT frames", RuntimeWarning)
            value = float(measure(reference, estimate, sample_rate))
    except RuntimeWarning as warning:
        raise Undefined("not_enough_frames") from warning
    if value == SENTINEL:  # another thread may have changed the warning filters meanwhile
        raise Undefined("not_enough_frames")
    return value


@contextlib.contextmanager
def _seeded() -> Iterator[None]:
    """Seed numpy's global generator, which pystoi draws from, and put it back in its former state afterwards."""
    state = np.random.get_state()
    np.random.seed(0)
    try:
        yield
    finally:
        np.random.set_state(state)
