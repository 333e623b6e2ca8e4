"""Tasks side by side, each in a Python thread with a single torch thread.

On a CPU that beats the library's own threads where a task is many operations on small arrays: nobody waits for anybody
after every one of them. torch holds the interpreter's lock only between operations.
"""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Result = TypeVar("Result")


def count(device: torch.device) -> int:
    """How many tasks may run at once: torch's threads on a CPU, 1 on another device."""
    return torch.get_num_threads() if device.type == "cpu" else 1


def together(tasks: Sequence[Callable[[], Result]]) -> list[Result]:
    """Run tasks at once and give their results in order; a single one runs as it is, with all of torch's threads.

    A task brings its own contexts (no_grad, autocast), which belong to a thread. If one fails, the others still end.
    """
    if len(tasks) == 1:
        return [tasks[0]()]
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    others = [_threads(len(tasks) - 1).submit(task) for task in tasks[1:]]
    try:
        first = tasks[0]()
        return [first, *(other.result() for other in others)]
    finally:
        wait(others)
        torch.set_num_threads(before)


@functools.cache
def _threads(number: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(number, "core", initializer=torch.set_num_threads, initargs=(1,))
