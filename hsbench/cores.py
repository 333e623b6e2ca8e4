"""Independent tasks in parallel on a CPU: one Python thread per task, each with a single torch thread.

For tasks that consist of many operations on small arrays, this is faster than one task after another with torch's own
threads. A comment below derives why.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Result = TypeVar("Result")

# Why tasks in parallel are faster than the threads of the library
#
# Say T tasks of m operations each are to be run on T cores. One operation costs
#
#     o   seconds of Python and of torch's dispatcher, during which the thread holds the interpreter's lock,
#     w   seconds of arithmetic on one core, during which torch has released the lock,
#     s   seconds to wake T - 1 threads and to wait for the slowest of them, if the arithmetic is divided.
#
# One task after another, each operation divided among T threads of the library, takes
#
#     T m (o + w / T + s)  =  T m o + m w + T m s.
#
# T tasks at once, each on one core, never synchronise. The lock serialises the T m dispatches, and the arithmetic of
# one task overlaps with the dispatches of the others. Even if nothing overlapped, the time would be at most
#
#     T m o + m w.
#
# So the parallel form saves at least T m s, and more where dispatch and arithmetic overlap. For large arrays w is much
# larger than s, and the saving vanishes; for small ones s (tens of microseconds) is as large as w.
#
# The model leaves two things out. T tasks need T working sets at once, which may not fit into a shared cache. And
# T tasks on T cores finish together only if they are equally long, which is why `share` cuts equal slices.


def count(device: torch.device) -> int:
    """Return how many tasks to run at once: the number of torch's threads on a CPU, 1 on another device."""
    return torch.get_num_threads() if device.type == "cpu" else 1


@contextlib.contextmanager
def claimed() -> Iterator[int]:
    """Limit torch to one thread within the context, and return the number of threads that it had before.

    Idle threads of the library wait actively for a while after each operation, which would slow down our own threads.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield before
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def denormals_flushed() -> Iterator[None]:
    """Round denormal results, numbers below 1.2e-38, to zero in this thread within the context.

    float32 holds such numbers with fewer significant bits, and a processor needs some hundred times as long for them.
    They occur where an activation has a Gaussian envelope: exp(-x^2) is denormal for x between 9.3 and 10.2, and its
    product with a small gradient is denormal for smaller x already.
    """
    before = float(torch.tensor(2e-38) / 2) == 0
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


def together(tasks: Sequence[Callable[[], Result]]) -> list[Result]:
    """Run tasks in parallel and return their results in the order of the tasks.

    Every task enters its own contexts (no_grad, autocast), because these apply to one thread only. If a task raises an
    exception, the other tasks still run to their end before the exception is passed on.

    Args:
        tasks: functions without arguments, at least one. A single task runs in the calling thread, with all of torch's
            threads.
    """
    if len(tasks) == 1:
        return [tasks[0]()]
    with claimed():
        others = [_threads(len(tasks) - 1).submit(task) for task in tasks[1:]]
        try:
            first = tasks[0]()
            return [first, *(other.result() for other in others)]
        finally:
            wait(others)


def share(function: Callable[[slice], None], size: int, workers: int) -> None:
    """Divide range(size) into successive slices of equal length and call a function with all slices in parallel.

    Args:
        function: takes a slice of range(size).
        size: length of the range.
        workers: largest number of slices.
    """
    workers = min(workers, size)
    bounds = [size * worker // workers for worker in range(workers + 1)]
    together([functools.partial(function, slice(*pair)) for pair in itertools.pairwise(bounds)])


@functools.cache
def _threads(number: int) -> ThreadPoolExecutor:
    """Return a pool of threads, each with a single torch thread; pools are kept for later calls."""
    return ThreadPoolExecutor(number, "core", initializer=torch.set_num_threads, initargs=(1,))
