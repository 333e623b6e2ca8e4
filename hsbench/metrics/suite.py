"""Many metrics of one pair: the metric boundary, where exceptions become data."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from hsbench import registry
from hsbench.errors import BackendMissingError, UsageError
from hsbench.metrics.base import Score, Undefined, info, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

    from hsbench.metrics.base import Metric


def score(
    reference: ArrayLike, estimate: ArrayLike, sample_rate: int, metrics: Iterable[str] | None = None
) -> dict[str, Score]:
    """Score an estimate against its reference.

    Args:
        reference: [samples], full scale +-1.
        estimate: [samples], full scale +-1.
        sample_rate: of both, in Hz.
        metrics: registered names; None takes all.

    Returns:
        name -> Score: a value with status "ok", or None with the reason.

    Raises:
        UnknownNameError: no metric has that name.
        UsageError: an argument is not one-dimensional, or the rate not positive.
    """
    x, y = _samples("reference", reference), _samples("estimate", estimate)
    if sample_rate <= 0:
        raise UsageError(f"the sample rate is a positive number of Hz, got {sample_rate}.")
    return {name: _one(name, x, y, sample_rate) for name in (registry.names("metrics") if metrics is None else metrics)}


def _samples(what: str, signal: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(signal, dtype=np.float64)
    if array.ndim != 1:
        raise UsageError(f"the {what} should have the shape [samples], got {list(array.shape)}; give one channel.")
    return array


def _one(name: str, reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> Score:
    facts = info(name)
    status = refusal(facts, reference, estimate)
    if status is not None:
        return Score(None, status)
    start = time.perf_counter()
    try:
        metric: Metric = registry.get("metrics", name).load()
        value = metric(reference, estimate, sample_rate)
    except Undefined as reason:
        return Score(None, reason.status, time.perf_counter() - start)
    except BackendMissingError as error:
        return Score(None, "unavailable", time.perf_counter() - start, str(error))
    except Exception as error:  # noqa: BLE001  the metric boundary: a failure is a status, never a number
        return Score(None, f"error:{type(error).__name__}", time.perf_counter() - start, str(error))
    if not np.isfinite(value):
        return Score(None, "error:NonFiniteValue", time.perf_counter() - start, f"{name} gave {value}")
    return Score(float(value), "ok", time.perf_counter() - start)
