"""What a metric is, and the cases in which it has no value.

Conventions: reference x and estimate y are one-dimensional float arrays [samples], full scale +-1, equally long;
values are computed in float64. A metric raises `Undefined(status)` where its definition gives nothing; a failure
never becomes a number.
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

__all__ = ["SILENCE", "Metric", "MetricInfo", "Score", "Undefined", "info", "refusal", "silent", "split_rate"]

SILENCE = 2.0**-24
"""A signal that strays from its mean by no more than this (half the last bit of 24-bit audio) is silent."""


class Undefined(Exception):  # noqa: N818  it is an answer, not an error
    """The metric has no value for this pair; `status` says why."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class Metric(Protocol):
    """What an object registered as a metric must do.

    It may also have `prepare(reference, sample_rate) -> state` and `compare(state, estimate, sample_rate) -> float`, so
    that a reference is prepared once for many estimates, and an attribute `device`, set before it is called.
    """

    def __call__(self, reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int, /) -> float:
        """Score one pair, both [samples]; raise Undefined where there is no value."""
        ...


@dataclass(frozen=True)
class Score:
    """One metric of one clip: a value with status "ok", or None with the reason.

    Attributes:
        value: finite, or None.
        status: "ok" or the reason.
        seconds: time it took.
        detail: for unavailable and error statuses, the sentence behind them.
    """

    value: float | None
    status: str
    seconds: float = 0.0
    detail: str = ""


def split_rate(name: str) -> tuple[str, int | None]:
    """A metric's registered name, and the rate [Hz] of "name@rate": scored there, not at the corpus's own rate.

    Raises:
        UsageError: what follows the @ is no rate.
    """
    plain, at, rate = name.partition("@")
    if not at:
        return plain, None
    if not rate.isdecimal() or int(rate) < 1:
        raise UsageError(f"a metric at another rate is written name@rate, such as lsd@48000, got {name!r}.")
    return plain, int(rate)


def info(name: str) -> MetricInfo:
    """Return the facts of a registered metric, or of one at another rate ("lsd@48000"); imports no metric code.

    Raises:
        UnknownNameError: no metric has that name.
        UsageError: what follows the @ is no rate.
    """
    plain, rate = split_rate(name)
    descriptor = registry.metric(plain)
    label = descriptor.info.label if rate is None else f"{descriptor.info.label} at {rate / 1000:g} kHz"
    return dataclasses.replace(descriptor.info, name=name, version=descriptor.version, label=label)


def silent(signal: NDArray[np.float64]) -> bool:
    """Whether a signal [samples] carries nothing: it never strays from its mean by more than SILENCE."""
    return float(np.abs(signal - signal.mean()).max()) <= SILENCE


def refusal(facts: MetricInfo, reference: NDArray[np.float64], estimate: NDArray[np.float64]) -> str | None:
    """The status of a pair that the metric cannot be asked about, or None. Decided before any metric code runs."""
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
