"""Score many pairs by many metrics; exceptions of metrics become statuses here and nowhere else.

Metrics that hold Python's interpreter lock (PESQ, STOI) run in a persistent pool of single-threaded processes, the
others in this process, so that both are computed at the same time. Pairs are read one after the other, as they are
needed, so memory does not grow with their number.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import importlib
import time
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from hsbench import registry
from hsbench.audio.lag import alignment
from hsbench.errors import BackendMissingError, UsageError
from hsbench.metrics.base import Score, Undefined, info, refusal
from hsbench.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from hsbench.audio.lag import Alignment
    from hsbench.descriptors import MetricDescriptor

    Signal = NDArray[np.float64]
    Pair = tuple[str, ArrayLike, ArrayLike, Sequence[str]]


class Scorer:
    """Scores pairs of one sample rate; a context manager that closes its pool of processes at the end.

    Args:
        sample_rate: of all waveforms, in Hz.
        device: device on which learned metrics run, "cpu" or "cuda".
        workers: number of processes for the metrics that hold the interpreter lock; with 0 they run in this process.
    """

    def __init__(self, sample_rate: int, device: str = "cpu", workers: int = 0) -> None:
        if sample_rate <= 0:
            raise UsageError(f"the sample rate is a positive number of Hz, got {sample_rate}; give the true one.")
        self.sample_rate, self.device, self.workers = sample_rate, device, workers
        self._pool: Pool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.close()

    def warm_up(self, names: Iterable[str]) -> None:
        """Start the processes, which import what metrics need while this process goes on with something else.

        Args:
            names: names of the metrics; those that run in this process are left out.
        """
        for name in names:
            if self.workers and info(name).in_pool:
                for _ in range(self.workers):
                    self._pool_of_workers().submit(_import, registry.metric(name))

    def score(self, pairs: Iterable[Pair]) -> Iterator[tuple[str, dict[str, Score]]]:
        """Score pairs.

        Args:
            pairs: (id of the pair, reference [samples], estimate [samples], names of the metrics).

        Yields:
            (id of the pair, {name of a metric: Score}), in the order of the pairs. Up to 2 x workers + 1 pairs are
            computed at the same time.
        """
        pending: deque[_PendingPair] = deque()
        for pair in pairs:
            pending.append(self._start(*pair))
            while len(pending) > 2 * self.workers:
                yield pending.popleft().wait()
        while pending:
            yield pending.popleft().wait()

    def _start(self, pair_id: str, reference: ArrayLike, estimate: ArrayLike, names: Sequence[str]) -> _PendingPair:
        """Compute the metrics of a pair that run in this process, after those of the pool have been submitted."""
        x, y = _samples("reference", reference), _samples("estimate", estimate)
        resampled = functools.cache(lambda rate: (_at(x, self.sample_rate, rate), _at(y, self.sample_rate, rate)))
        pending = _PendingPair(pair_id, list(names), alignment(x, y))
        # The pool's metrics come first, and among them those that need no resampling, which imports torch.
        for name in sorted(names, key=lambda name: (not info(name).in_pool, info(name).sample_rate is not None)):
            facts = info(name)
            status = refusal(facts, x, y)
            if status is not None:
                pending.scores[name] = Score(None, status)
                continue
            try:
                rate = facts.sample_rate or self.sample_rate
                task = (registry.metric(name), *resampled(rate), rate, self.device)
            except (BackendMissingError, ImportError) as error:
                pending.scores[name] = Score(None, "unavailable", 0.0, str(error))
                continue
            if facts.in_pool and self.workers:
                pending.futures[name] = self._pool_of_workers().submit(measure, *task)
            else:
                pending.scores[name] = measure(*task)
        return pending

    def _pool_of_workers(self) -> Pool:
        if self._pool is None:
            self._pool = Pool(self.workers)
        return self._pool


class _PendingPair:
    """A pair of which some scores are still being computed in the pool."""

    def __init__(self, pair_id: str, names: list[str], aligned: Alignment | None) -> None:
        self.id, self.names, self.aligned = pair_id, names, aligned
        self.scores: dict[str, Score] = {}
        self.futures: dict[str, Any] = {}

    def wait(self) -> tuple[str, dict[str, Score]]:
        """Wait for the scores, and return the id of the pair with all of them."""
        for name, future in self.futures.items():
            try:
                self.scores[name] = future.result()
            except Exception as error:  # noqa: BLE001  the process died: a failure is a status
                self.scores[name] = Score(None, f"error:{type(error).__name__}", 0.0, str(error))
        facts = {} if self.aligned is None else self.aligned._asdict()
        return self.id, {name: dataclasses.replace(self.scores[name], **facts) for name in self.names}


def measure(descriptor: MetricDescriptor, reference: Signal, estimate: Signal, rate: int, device: str) -> Score:
    """Compute one metric of one pair, and turn exceptions into statuses.

    Args:
        descriptor: of the metric.
        reference: [samples], a pair for which `hsbench.metrics.base.refusal` gives no status.
        estimate: [samples].
        rate: sample rate of both in Hz; the one that the metric needs, if it needs one.
        device: device on which a learned metric runs, "cpu" or "cuda".
    """
    start = time.perf_counter()

    def without_value(status: str, detail: str = "") -> Score:
        return Score(None, status, time.perf_counter() - start, detail)

    try:
        value = _value(descriptor, reference, estimate, rate, device)
    except Undefined as reason:
        return without_value(reason.status)
    except (BackendMissingError, ImportError) as error:
        return without_value("unavailable", str(error))
    except Exception as error:  # noqa: BLE001  the metric boundary: a failure is a status, never a number
        return without_value(f"error:{type(error).__name__}", str(error))
    if not np.isfinite(value):
        return without_value("error:NonFiniteValue", f"{descriptor.name} gave {value}")
    return Score(float(value), "ok", time.perf_counter() - start)


IN_THIS_PROCESS = frozenset({"torch", "torchaudio"})
"""Packages that metrics need for the resampling, which is done before a pair is submitted to the pool."""


def _import(descriptor: MetricDescriptor) -> None:
    """In a process of the pool, import the code and the packages of a metric; `measure` reports what is missing."""
    with contextlib.suppress(Exception):
        descriptor.load()
        for package in descriptor.needs:
            if package not in IN_THIS_PROCESS:
                importlib.import_module(package)


def _value(descriptor: MetricDescriptor, reference: Signal, estimate: Signal, rate: int, device: str) -> float:
    """Compute the metric; a reference that a metric can prepare is prepared once and kept."""
    metric = descriptor.load()
    if hasattr(metric, "device"):
        metric.device = device
    if not hasattr(metric, "prepare"):
        return float(metric(reference, estimate, rate))
    key = (descriptor.name, rate, device, hashlib.sha256(reference.tobytes()).hexdigest())
    if key not in _prepared:
        _prepared[key] = metric.prepare(reference, rate)
        if len(_prepared) > REMEMBERED:
            _prepared.popitem(last=False)
    return float(metric.compare(_prepared[key], estimate, rate))


REMEMBERED = 16
"""Number of prepared references that a process keeps; the oldest one is dropped first."""

_prepared: OrderedDict[tuple[str, int, str, str], Any] = OrderedDict()


def _samples(what: str, signal: ArrayLike) -> Signal:
    """Return a waveform as float64, and refuse arrays of another shape than [samples]."""
    array = np.asarray(signal, dtype=np.float64)
    if array.ndim != 1:
        raise UsageError(f"the {what} should have the shape [samples], got {list(array.shape)}; give one channel.")
    return array


def _at(signal: Signal, source: int, target: int) -> Signal:
    """Return a waveform [samples] at another sample rate; both rates in Hz."""
    if source == target:
        return signal
    from hsbench.audio.resample import resample

    return resample(signal, source, target).astype(np.float64)
