"""What every metric promises, see hsbench.metrics.base."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hsbench import registry
from hsbench.descriptors import MetricInfo
from hsbench.metrics.base import Undefined, refusal
from hsbench.metrics.suite import measure
from hsbench.testing.checks import Checks, check_descriptor, is_count

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hsbench.descriptors import MetricDescriptor
    from hsbench.metrics.base import Metric, Score

    Signal = NDArray[np.float64]

NOISE = (0.003, 0.03, 0.3)
"""Levels of white noise beside the reference's root mean square; each is worse than the one before."""
ROUNDED = 0.1
"""The share of itself by which the ideal of a table may be rounded, or hang on the clip's energy as SI-SNR's does."""
SILENCES = ("target_silent", "estimate_silent")


def check_metric(
    metric: str | MetricDescriptor, *, reference: Signal | None = None, sample_rate: int = 22050, device: str = "cpu"
) -> list[str]:
    """Check that a metric keeps the promises of hsbench.metrics.base.Metric.

    Args:
        metric: registered name, or a descriptor.
        reference: [samples] full scale +-1, to which noise is added; a clip of the demo corpus by default.
        sample_rate: of the reference, in Hz.
        device: where a learned metric runs, "cpu" or "cuda".

    Returns:
        Names of the checks that ran.

    Raises:
        ConformanceError: a promise is not kept.
        UnknownNameError: nothing is registered under that name.
    """
    descriptor = registry.metric(metric) if isinstance(metric, str) else metric
    checks = Checks(f"metric {descriptor.name}")
    check_descriptor(checks, "metrics", descriptor)
    facts = _check_facts(checks, descriptor)
    signal = _demo() if reference is None else np.asarray(reference, np.float64)
    if facts.sample_rate not in (None, sample_rate):
        from hsbench.audio.resample import resample

        signal = resample(signal, sample_rate, facts.sample_rate).astype(np.float64)
    bench = _Bench(checks, descriptor, facts, signal, facts.sample_rate or sample_rate, device)
    bench.check_values()
    bench.check_pure()
    bench.check_direction()
    bench.check_identity()
    bench.check_edges()
    bench.check_prepared()
    return checks.passed


def _demo() -> Signal:
    from hsbench.corpora.demo import DemoCorpus

    corpus = DemoCorpus()
    return corpus.load(corpus.manifest("validation").items[0]).waveform.astype(np.float64)


def _check_facts(checks: Checks, descriptor: MetricDescriptor) -> MetricInfo:
    with checks.check("its facts make sense"):
        facts = descriptor.info
        checks.require(
            isinstance(facts, MetricInfo), f"info should be an hsbench.descriptors.MetricInfo, got {facts!r}."
        )
        low, high = facts.bounds
        checks.require(facts.better in ("lower", "higher"), f"better is lower or higher, got {facts.better!r}.")
        checks.require(facts.label, "the label is empty; tables print it.")
        checks.require(facts.tolerance > 0, f"a tolerance is above 0, got {facts.tolerance!r}.")
        checks.require(low is None or high is None or low < high, f"bounds are (least, greatest), got {facts.bounds}.")
        inside = facts.ideal is None or ((low is None or facts.ideal >= low) and (high is None or facts.ideal <= high))
        checks.require(inside, f"the ideal {facts.ideal} lies outside the bounds {facts.bounds}.")
        checks.require(
            set(facts.undefined_for) <= set(SILENCES),
            f"undefined_for names {' and '.join(SILENCES)} at most, got {facts.undefined_for}.",
        )
        checks.require(is_count(facts.min_samples), f"min_samples is a whole number, got {facts.min_samples!r}.")
        checks.require(is_count(facts.decimals), f"decimals is a whole number, got {facts.decimals!r}.")
    return facts


class _Bench:
    """A metric on the bench with a reference at the rate that it wants."""

    def __init__(
        self, checks: Checks, descriptor: MetricDescriptor, facts: MetricInfo, signal: Signal, rate: int, device: str
    ) -> None:
        self.checks, self.descriptor, self.facts = checks, descriptor, facts
        self.signal, self.rate, self.device = signal, rate, device
        level = float(np.sqrt(np.mean(signal**2)))
        hiss = np.random.default_rng(0).standard_normal(signal.size) * level
        self.noisy = [signal + share * hiss for share in NOISE]
        self.values: list[float] = []

    @property
    def metric(self) -> Metric:
        """The object itself."""
        found: Metric = self.descriptor.load()
        if hasattr(found, "device"):
            found.device = self.device
        return found

    def asked(self, reference: Signal, estimate: Signal) -> Score | str:
        """As a run asks: the refusal, or the score."""
        status = refusal(self.facts, reference, estimate)
        return status or measure(self.descriptor, reference, estimate, self.rate, self.device)

    def check_values(self) -> None:
        with self.checks.check("a pair has one finite number within the bounds"):
            for estimate in self.noisy:
                value = self.metric(self.signal, estimate, self.rate)
                self._check_value(value)
                self.values.append(float(value))

    def _check_value(self, value: object) -> None:
        one = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        self.checks.require(one, f"expected one number for the pair, got {type(value).__name__} {value!r}.")
        number, (low, high) = float(value), self.facts.bounds  # type: ignore[arg-type]  # it is a number by now
        self.checks.require(
            np.isfinite(number), f"gave {number}; raise hsbench.metrics.base.Undefined(reason) instead."
        )
        within = (low is None or number >= low - self.facts.tolerance) and (
            high is None or number <= high + self.facts.tolerance
        )
        self.checks.require(within, f"gave {number:g}, outside its bounds {self.facts.bounds}.")

    def check_pure(self) -> None:
        with self.checks.check("it changes nothing and gives the same value again"):
            x, y = self.signal.copy(), self.noisy[0].copy()
            again = float(self.metric(x, y, self.rate))
            same = np.array_equal(x, self.signal) and np.array_equal(y, self.noisy[0])
            self.checks.require(same, "it changed the signals that it was given; work on copies.")
            self._check_same(again, self.values[0], "the second time")

    def check_direction(self) -> None:
        with self.checks.check(f"more noise is worse, and {self.facts.better} is better"):
            worse = self.values if self.facts.better == "lower" else [-value for value in self.values]
            said = ", ".join(f"{value:g}" for value in self.values)
            self.checks.require(
                worse == sorted(worse) and worse[-1] > worse[0],
                f"noise at {', '.join(f'{share:g}' for share in NOISE)} of the signal gave {said}.",
            )

    def check_identity(self) -> None:
        with self.checks.check("a perfect estimate is the best there is"):
            try:
                value = float(self.metric(self.signal, self.signal.copy(), self.rate))
            except Undefined:
                return
            self._check_value(value)
            sign = 1 if self.facts.better == "higher" else -1
            self.checks.require(
                all(sign * value >= sign * other for other in self.values),
                f"the reference itself gave {value:g} and a noisy one {self.values[0]:g}.",
            )
            best = self.facts.bounds[self.facts.better == "higher"]
            aim = best if self.facts.ideal is None else self.facts.ideal
            if aim is not None:
                short = sign * (aim - value)
                allowed = self.facts.tolerance + ROUNDED * abs(aim)
                self.checks.require(short <= allowed, f"the reference itself gave {value:g}, and the ideal is {aim:g}.")

    def check_edges(self) -> None:
        """Cases without a value: each is a status or a number, and never an error."""
        zero, short = np.zeros_like(self.signal), max(1, self.facts.min_samples)
        broken = np.where(np.arange(self.signal.size) == 3, np.nan, self.signal)
        cases = {
            "a silent reference": (zero, self.signal),
            "a silent estimate": (self.signal, zero),
            "two silent signals": (zero, zero),
            "the shortest signals that it takes": (self.signal[:short], self.noisy[0][:short]),
            "signals below its least length": (self.signal[: short - 1], self.noisy[0][: short - 1]),
            "a reference that is not finite": (broken, self.signal),
            "an estimate that is not finite": (self.signal, broken),
            "signals of unequal length": (self.signal, self.signal[:-1]),
        }
        for name, pair in cases.items():
            with self.checks.check(f"{name} is a value or a reason"):
                got = self.asked(*pair)
                if isinstance(got, str):
                    continue
                self.checks.require(
                    got.status != "unavailable" and not got.status.startswith("error:"),
                    f"gave {got.status} ({got.detail}); raise hsbench.metrics.base.Undefined(reason), or name the case "
                    "in undefined_for or min_samples.",
                )
                if got.value is not None:
                    self._check_value(got.value)

    def check_prepared(self) -> None:
        label, metric = "a prepared reference gives the same values", self.metric
        if not hasattr(metric, "prepare"):
            self.checks.skip(label, "it has no method prepare")
            return
        with self.checks.check(label):
            state = metric.prepare(self.signal, self.rate)
            for _ in range(2):
                for estimate, value in zip(self.noisy, self.values, strict=True):
                    self._check_same(float(metric.compare(state, estimate, self.rate)), value, "prepared")  # type: ignore[attr-defined]  # it goes with prepare

    def _check_same(self, value: float, other: float, when: str) -> None:
        near = abs(value - other) <= self.facts.tolerance
        self.checks.require(
            near, f"gave {value:g} {when} and {other:g} before; its tolerance is {self.facts.tolerance:g}."
        )
