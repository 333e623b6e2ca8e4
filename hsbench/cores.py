"""Tasks side by side, each in a Python thread with a single torch thread.

On a CPU that beats the library's own threads where a task is many operations on small arrays: nobody waits for anybody
after every one of them. torch holds the interpreter's lock only between operations.
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


def count(device: torch.device) -> int:
    """How many tasks may run at once: torch's threads on a CPU, 1 on another device."""
    return torch.get_num_threads() if device.type == "cpu" else 1


@contextlib.contextmanager
def claimed() -> Iterator[int]:
    """Take torch's threads from it, all but one, and give their number.

    The library's threads go on looking for work for a while after each of its operations, which would slow ours down.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield before
    finally:
        torch.set_num_threads(before)


def together(tasks: Sequence[Callable[[], Result]]) -> list[Result]:
    """Run tasks at once and give their results in order; a single one runs as it is, with all of torch's threads.

    A task brings its own contexts (no_grad, autocast), which belong to a thread. If one fails, the others still end.
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


def share(function: Callable[[slice], None], size: int, hands: int) -> None:
    """Call a function with successive slices of range(size), as many as there are hands, at once."""
    hands = min(hands, size)
    cuts = [size * hand // hands for hand in range(hands + 1)]
    together([functools.partial(function, slice(*cut)) for cut in itertools.pairwise(cuts)])


@functools.cache
def _threads(number: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(number, "core", initializer=torch.set_num_threads, initargs=(1,))
