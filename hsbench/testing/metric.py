"""Conformance test of a metric: the requirements of hsbench.metrics.base.Metric."""

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
"""Levels of white noise, as multiples of the root mean square of the reference; each must score worse than the last."""
IDEAL_MARGIN = 0.1
"""Relative difference allowed between a metric's ideal and the value of the reference itself.

Tables round the ideal, and the ideal of SI-SNR depends on the energy of the clip."""
SILENCES = ("target_silent", "estimate_silent")


def check_metric(
    metric: str | MetricDescriptor, *, reference: Signal | None = None, sample_rate: int = 22050, device: str = "cpu"
) -> list[str]:
    """Check that a metric meets the requirements of hsbench.metrics.base.Metric.

    Args:
        metric: registered name or descriptor.
        reference: [samples], full scale +-1, to which noise is added; a clip of the demo corpus by default.
        sample_rate: sample rate of the reference in Hz.
        device: device of a learned metric, "cpu" or "cuda".

    Returns:
        Names of the checks that passed.

    Raises:
        ConformanceError: the metric violates a requirement.
        UnknownNameError: no metric has that name.
    """
    descriptor = registry.metric(metric) if isinstance(metric, str) else metric
    checks = Checks(f"metric {descriptor.name}")
    check_descriptor(checks, "metrics", descriptor)
    info = _check_info(checks, descriptor)
    signal = _demo_clip() if reference is None else np.asarray(reference, np.float64)
    if info.sample_rate not in (None, sample_rate):
        from hsbench.audio.resample import resample

        signal = resample(signal, sample_rate, info.sample_rate).astype(np.float64)
    test = _MetricTest(checks, descriptor, info, signal, info.sample_rate or sample_rate, device)
    test.check_values()
    test.check_pure()
    test.check_direction()
    test.check_identity()
    test.check_edges()
    test.check_prepared()
    return checks.passed


def _demo_clip() -> Signal:
    """Return a clip of the demo corpus, [samples]."""
    from hsbench.corpora.demo import DemoCorpus

    corpus = DemoCorpus()
    return corpus.load(corpus.manifest("validation").items[0]).waveform.astype(np.float64)


def _check_info(checks: Checks, descriptor: MetricDescriptor) -> MetricInfo:
    """Check the facts in the descriptor, and return them."""
    with checks.check("its info is valid"):
        info = descriptor.info
        checks.require(isinstance(info, MetricInfo), f"info must be an hsbench.descriptors.MetricInfo, got {info!r}.")
        low, high = info.bounds
        checks.require(info.better in ("lower", "higher"), f"better must be lower or higher, got {info.better!r}.")
        checks.require(info.label, "the label is empty; tables print it.")
        checks.require(info.tolerance > 0, f"tolerance must be above 0, got {info.tolerance!r}.")
        checks.require(low is None or high is None or low < high, f"bounds must be (low, high), got {info.bounds}.")
        inside = info.ideal is None or ((low is None or info.ideal >= low) and (high is None or info.ideal <= high))
        checks.require(inside, f"the ideal {info.ideal} lies outside the bounds {info.bounds}.")
        checks.require(
            set(info.undefined_for) <= set(SILENCES),
            f"undefined_for may contain {' and '.join(SILENCES)} only, got {info.undefined_for}.",
        )
        checks.require(is_count(info.min_samples), f"min_samples must be a whole number, got {info.min_samples!r}.")
    return info


class _MetricTest:
    """The checks of one metric, on a reference at the sample rate of the metric and on noisy copies of it."""

    def __init__(
        self, checks: Checks, descriptor: MetricDescriptor, info: MetricInfo, signal: Signal, rate: int, device: str
    ) -> None:
        self.checks, self.descriptor, self.info = checks, descriptor, info
        self.signal, self.rate, self.device = signal, rate, device
        level = float(np.sqrt(np.mean(signal**2)))
        noise = np.random.default_rng(0).standard_normal(signal.size) * level
        self.noisy = [signal + share * noise for share in NOISE]
        self.values: list[float] = []

    @property
    def metric(self) -> Metric:
        """The metric itself, on the device of the test."""
        metric: Metric = self.descriptor.load()
        if hasattr(metric, "device"):
            metric.device = self.device
        return metric

    def score(self, reference: Signal, estimate: Signal) -> Score | str:
        """Score a pair as a run does; return the score, or the status of a pair that a run does not score."""
        status = refusal(self.info, reference, estimate)
        return status or measure(self.descriptor, reference, estimate, self.rate, self.device)

    def check_values(self) -> None:
        """Check the values of the noisy copies, which later checks compare with."""
        with self.checks.check("the value of a pair is one finite number within the bounds"):
            for estimate in self.noisy:
                value = self.metric(self.signal, estimate, self.rate)
                self._check_value(value)
                self.values.append(float(value))

    def _check_value(self, value: object) -> None:
        is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        self.checks.require(is_number, f"expected one number for the pair, got {type(value).__name__} {value!r}.")
        number, (low, high) = float(value), self.info.bounds  # type: ignore[arg-type]  # a number, as checked above
        self.checks.require(
            np.isfinite(number), f"returned {number}; raise hsbench.metrics.base.Undefined(reason) instead."
        )
        within = (low is None or number >= low - self.info.tolerance) and (
            high is None or number <= high + self.info.tolerance
        )
        self.checks.require(within, f"returned {number:g}, outside its bounds {self.info.bounds}.")

    def check_pure(self) -> None:
        """Check that the metric is a pure function."""
        with self.checks.check("it changes no signal and returns the same value again"):
            reference, estimate = self.signal.copy(), self.noisy[0].copy()
            again = float(self.metric(reference, estimate, self.rate))
            same = np.array_equal(reference, self.signal) and np.array_equal(estimate, self.noisy[0])
            self.checks.require(same, "it changed its arguments; work on copies.")
            self._check_same(again, self.values[0], "the second time")

    def check_direction(self) -> None:
        """Check that the values are monotone in the level of the noise."""
        with self.checks.check(f"more noise is worse, and {self.info.better} is better"):
            worse = self.values if self.info.better == "lower" else [-value for value in self.values]
            values = ", ".join(f"{value:g}" for value in self.values)
            self.checks.require(
                worse == sorted(worse) and worse[-1] > worse[0],
                f"noise at {', '.join(f'{share:g}' for share in NOISE)} times the level of the signal gave {values}.",
            )

    def check_identity(self) -> None:
        """Check the value of the reference itself, unless the metric is undefined for it."""
        with self.checks.check("a perfect estimate has the best value"):
            try:
                value = float(self.metric(self.signal, self.signal.copy(), self.rate))
            except Undefined:
                return
            self._check_value(value)
            sign = 1 if self.info.better == "higher" else -1
            self.checks.require(
                all(sign * value >= sign * other for other in self.values),
                f"the reference itself has the value {value:g}, but a noisy copy has {self.values[0]:g}.",
            )
            best = self.info.bounds[self.info.better == "higher"]
            ideal = best if self.info.ideal is None else self.info.ideal
            if ideal is not None:
                shortfall = sign * (ideal - value)
                allowed = self.info.tolerance + IDEAL_MARGIN * abs(ideal)
                self.checks.require(
                    shortfall <= allowed, f"the reference itself has the value {value:g}, but the ideal is {ideal:g}."
                )

    def check_edges(self) -> None:
        """Check signals that may have no value: each must give a value or a status, never an error."""
        zero, shortest = np.zeros_like(self.signal), max(1, self.info.min_samples)
        invalid = np.where(np.arange(self.signal.size) == 3, np.nan, self.signal)
        cases = {
            "a silent reference": (zero, self.signal),
            "a silent estimate": (self.signal, zero),
            "two silent signals": (zero, zero),
            "the shortest permitted signals": (self.signal[:shortest], self.noisy[0][:shortest]),
            "signals below the minimum length": (self.signal[: shortest - 1], self.noisy[0][: shortest - 1]),
            "a reference that is not finite": (invalid, self.signal),
            "an estimate that is not finite": (self.signal, invalid),
            "signals of unequal length": (self.signal, self.signal[:-1]),
        }
        for name, pair in cases.items():
            with self.checks.check(f"value or status of {name}"):
                score = self.score(*pair)
                if isinstance(score, str):
                    continue
                self.checks.require(
                    score.status != "unavailable" and not score.status.startswith("error:"),
                    f"got {score.status} ({score.detail}); raise hsbench.metrics.base.Undefined(reason), or declare "
                    "the case in undefined_for or min_samples.",
                )
                if score.value is not None:
                    self._check_value(score.value)

    def check_prepared(self) -> None:
        """Check the optional methods prepare and compare: they must give the same values, as often as they are used."""
        label, metric = "a prepared reference gives the same values", self.metric
        if not hasattr(metric, "prepare"):
            self.checks.skip(label, "it has no method prepare")
            return
        with self.checks.check(label):
            state = metric.prepare(self.signal, self.rate)
            for _ in range(2):
                for estimate, value in zip(self.noisy, self.values, strict=True):
                    compared = metric.compare(state, estimate, self.rate)  # type: ignore[attr-defined]  # present if prepare is
                    self._check_same(float(compared), value, "with a prepared reference")

    def _check_same(self, value: float, other: float, when: str) -> None:
        near = abs(value - other) <= self.info.tolerance
        self.checks.require(
            near, f"returned {value:g} {when}, but {other:g} before; its tolerance is {self.info.tolerance:g}."
        )
