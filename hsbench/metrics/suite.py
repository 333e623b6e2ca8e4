"""Many metrics of many pairs: the metric boundary, where exceptions become data.

Metrics that hold the interpreter's lock (PESQ, STOI) run in one persistent pool of processes with a single thread
each, the others here, so the two sides overlap. Pairs stream through: memory does not grow with their number.
"""

from __future__ import annotations

import functools
import hashlib
import time
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from hsbench import registry
from hsbench.errors import BackendMissingError, UsageError
from hsbench.metrics.base import Score, Undefined, info, refusal
from hsbench.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from hsbench.descriptors import MetricDescriptor

    Signal = NDArray[np.float64]
    Pair = tuple[str, ArrayLike, ArrayLike, Sequence[str]]


class Scorer:
    """Scores pairs of one sample rate as they come; a context manager that owns the pool.

    Args:
        sample_rate: of all signals, in Hz.
        device: where learned metrics run, "cpu" or "cuda".
        workers: processes for the metrics that hold the interpreter's lock; 0 runs them here.
    """

    def __init__(self, sample_rate: int, device: str = "cpu", workers: int = 0) -> None:
        if sample_rate <= 0:
            raise UsageError(f"the sample rate is a positive number of Hz, got {sample_rate}.")
        self.sample_rate, self.device, self.workers = sample_rate, device, workers
        self._pool: Pool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.close()

    def score(self, pairs: Iterable[Pair]) -> Iterator[tuple[str, dict[str, Score]]]:
        """Score (id, reference [samples], estimate [samples], metric names) tuples.

        Yields:
            (id, {name: Score}) in the order given; a few pairs are in flight at a time.
        """
        flight: deque[_Flight] = deque()
        for pair in pairs:
            flight.append(self._launch(*pair))
            while len(flight) > 2 * self.workers:
                yield flight.popleft().land()
        while flight:
            yield flight.popleft().land()

    def _launch(self, pair_id: str, reference: ArrayLike, estimate: ArrayLike, names: Sequence[str]) -> _Flight:
        x, y = _samples("reference", reference), _samples("estimate", estimate)
        rated = functools.cache(lambda rate: (_at(x, self.sample_rate, rate), _at(y, self.sample_rate, rate)))
        flight = _Flight(pair_id, list(names))
        for name in sorted(names, key=lambda one: not info(one).in_pool):
            facts = info(name)
            status = refusal(facts, x, y)
            if status is not None:
                flight.scores[name] = Score(None, status)
                continue
            try:
                rate = facts.sample_rate or self.sample_rate
                task = (registry.metric(name), *rated(rate), rate, self.device)
            except (BackendMissingError, ImportError) as error:
                flight.scores[name] = Score(None, "unavailable", 0.0, str(error))
                continue
            if facts.in_pool and self.workers:
                flight.futures[name] = self._pool_of_workers().submit(measure, *task)
            else:
                flight.scores[name] = measure(*task)
        return flight

    def _pool_of_workers(self) -> Pool:
        if self._pool is None:
            self._pool = Pool(self.workers)
        return self._pool


class _Flight:
    """A pair whose scores are partly still on their way."""

    def __init__(self, pair_id: str, names: list[str]) -> None:
        self.id, self.names = pair_id, names
        self.scores: dict[str, Score] = {}
        self.futures: dict[str, Any] = {}

    def land(self) -> tuple[str, dict[str, Score]]:
        for name, future in self.futures.items():
            try:
                self.scores[name] = future.result()
            except Exception as error:  # noqa: BLE001  the worker died: a failure is a status
                self.scores[name] = Score(None, f"error:{type(error).__name__}", 0.0, str(error))
        return self.id, {name: self.scores[name] for name in self.names}


def measure(descriptor: MetricDescriptor, reference: Signal, estimate: Signal, rate: int, device: str) -> Score:
    """One metric of one pair that it may be asked about; exceptions become statuses here."""
    start = time.perf_counter()

    def lost(status: str, detail: str = "") -> Score:
        return Score(None, status, time.perf_counter() - start, detail)

    try:
        value = _value(descriptor, reference, estimate, rate, device)
    except Undefined as reason:
        return lost(reason.status)
    except (BackendMissingError, ImportError) as error:
        return lost("unavailable", str(error))
    except Exception as error:  # noqa: BLE001  the metric boundary: a failure is a status, never a number
        return lost(f"error:{type(error).__name__}", str(error))
    if not np.isfinite(value):
        return lost("error:NonFiniteValue", f"{descriptor.name} gave {value}")
    return Score(float(value), "ok", time.perf_counter() - start)


def _value(descriptor: MetricDescriptor, reference: Signal, estimate: Signal, rate: int, device: str) -> float:
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
"""How many prepared references a process keeps; the least recently prepared goes first."""

_prepared: OrderedDict[tuple[str, int, str, str], Any] = OrderedDict()


def _samples(what: str, signal: ArrayLike) -> Signal:
    array = np.asarray(signal, dtype=np.float64)
    if array.ndim != 1:
        raise UsageError(f"the {what} should have the shape [samples], got {list(array.shape)}; give one channel.")
    return array


def _at(signal: Signal, source: int, target: int) -> Signal:
    if source == target:
        return signal
    from hsbench.audio.resample import resample

    return resample(signal, source, target).astype(np.float64)
