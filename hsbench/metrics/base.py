"""The interface of a metric, and the cases in which a metric has no value.

Conventions: reference x and estimate y are one-dimensional float arrays [samples] of equal length, full scale +-1;
values are computed in float64. A metric raises `Undefined(status)` where its definition has no value. A failure is
recorded as a status, never as a number.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from hsbench import registry
from hsbench.descriptors import MetricInfo
from hsbench.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "ESTIMATE_FAULTS",
    "SILENCE",
    "Metric",
    "MetricInfo",
    "Score",
    "Undefined",
    "info",
    "refusal",
    "silent",
    "split_rate",
]

SILENCE = 2.0**-24
"""Largest distance from its mean at which a waveform counts as silent: half of the last bit of 24-bit audio."""

ESTIMATE_FAULTS = frozenset({"estimate_silent", "non_finite_estimate", "length_mismatch", "diverged", "collapsed"})
"""Statuses of a missing score that the estimate, or the fit that gave it, is the cause of.

All other statuses are about the reference ("target_silent", "no_utterances", "not_enough_frames": PESQ looks for speech
and STOI for loud frames in the reference), the metric ("too_short", "unavailable", "error:...") or a score that was
never computed.
"""


class Undefined(Exception):  # noqa: N818  a result of the metric, not an error
    """Raised by a metric that has no value for a pair.

    Attributes:
        status: the reason as one word, such as "no_utterances".
    """

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class Metric(Protocol):
    """The interface of an object that is registered as a metric.

    A metric may also have the methods `prepare(reference, sample_rate) -> state` and
    `compare(state, estimate, sample_rate) -> float`, so that a reference is prepared once for many estimates. If it has
    an attribute `device`, that is set to "cpu" or "cuda" before each call.
    """

    def __call__(self, reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int, /) -> float:
        """Return the value for one pair.

        Args:
            reference: [samples], full scale +-1.
            estimate: [samples], as long as the reference.
            sample_rate: of both, in Hz.

        Raises:
            Undefined: the metric has no value for this pair.
        """
        ...


@dataclass(frozen=True)
class Score:
    """The result of one metric for one clip: a value with the status "ok", or None with another status.

    Attributes:
        value: finite, or None.
        status: "ok", or the reason why there is no value.
        seconds: computing time.
        detail: message of the exception, for the statuses "unavailable" and "error:...".
        lag: samples by which the estimate is late, a fact of the pair that most metrics show as noise; None where the
            estimate does not resemble the reference (hsbench.audio.lag.alignment).
        gain: factor from the reference to the estimate at that lag; None likewise.
    """

    value: float | None
    status: str
    seconds: float = 0.0
    detail: str = ""
    lag: int | None = None
    gain: float | None = None


def split_rate(name: str) -> tuple[str, int | None]:
    """Split the name of a metric at another rate, such as "lsd@48000", into the registered name and the rate in Hz.

    Such a metric is computed at that rate and not at the corpus's own. Without an "@", the rate is None.

    Raises:
        UsageError: the text after the "@" is not a positive whole number.
    """
    plain, at, rate = name.partition("@")
    if not at:
        return plain, None
    if not rate.isdecimal() or len(rate) > 9 or int(rate) < 1:  # Python refuses to parse very long numbers
        shown = name if len(name) <= 40 else f"{name[:40]}..."
        raise UsageError(f"a metric at another rate is written name@rate, such as lsd@48000, got {shown!r}.")
    return plain, int(rate)


def info(name: str) -> MetricInfo:
    """Return the facts of a registered metric without importing its code.

    Args:
        name: registered name, or a name with another rate such as "lsd@48000".

    Raises:
        UnknownNameError: no metric has that name.
        UsageError: the text after the "@" is not a positive whole number.
    """
    plain, rate = split_rate(name)
    descriptor = registry.metric(plain)
    label = descriptor.info.label if rate is None else f"{descriptor.info.label} at {rate / 1000:g} kHz"
    return dataclasses.replace(descriptor.info, name=name, version=descriptor.version, label=label)


def silent(signal: NDArray[np.float64]) -> bool:
    """Return whether a waveform [samples] is silent: no sample is farther than SILENCE from the mean."""
    return float(np.abs(signal - signal.mean()).max()) <= SILENCE


def refusal(facts: MetricInfo, reference: NDArray[np.float64], estimate: NDArray[np.float64]) -> str | None:
    """Return why a metric cannot be computed for a pair, as a status, or None; no code of the metric runs.

    Args:
        facts: of the metric: its shortest length and the silences for which it has no value.
        reference: [samples].
        estimate: [samples].
    """
    if reference.shape != estimate.shape:
        return "length_mismatch"
    if not np.isfinite(reference).all():
        return "non_finite_target"
    if not np.isfinite(estimate).all():
        return "non_finite_estimate"
    if reference.size < max(1, facts.min_samples):
        return "too_short"
    if "target_silent" in facts.undefined_for and silent(reference):
        return "target_silent"
    if "estimate_silent" in facts.undefined_for and silent(estimate):
        return "estimate_silent"
    return None
