"""A persistent pool of single-threaded processes that outlives neither its owner nor a crash of one of its workers."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class Pool:
    """Runs functions in other processes.

    A worker that dies (a segmentation fault in C code) breaks the executor of the standard library and takes all
    waiting tasks with it; here each of them is tried once more, alone, in a fresh one.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._executor = self._start()

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Task:
        """Run a picklable function; gives something with result()."""
        try:
            future = self._executor.submit(function, *arguments)
        except BrokenProcessPool:
            self._executor = self._start()
            future = self._executor.submit(function, *arguments)
        return Task(future, self, function, arguments)

    def again(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function in a fresh pool of one, and wait for it."""
        with _start(1) as alone:
            return alone.submit(function, *arguments).result()

    def close(self) -> None:
        """End the workers."""
        self._executor.shutdown(cancel_futures=True)

    def _start(self) -> ProcessPoolExecutor:
        return _start(self.workers)


class Task:
    """A submitted call."""

    def __init__(
        self, future: Future[Any], pool: Pool, function: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> None:
        self._future, self._pool, self._function, self._arguments = future, pool, function, arguments

    def result(self) -> Any:
        """What the function gave.

        Raises:
            BrokenProcessPool: its process died, twice.
        """
        try:
            return self._future.result()
        except BrokenProcessPool:
            return self._pool.again(self._function, *self._arguments)


def _start(workers: int) -> ProcessPoolExecutor:
    """Processes that are started now, while the environment says one thread each."""
    executor = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_follow_owner)
    with _one_thread():
        for _ in range(workers):
            executor.submit(os.getpid)
    return executor


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _follow_owner() -> None:
    """In a worker: end when the process that owns the pool is gone, however it went."""
    owner = multiprocessing.parent_process()
    assert owner is not None

    def wait() -> None:
        multiprocessing.connection.wait([owner.sentinel])
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
