"""A persistent pool of single-threaded processes, which survives the crash of a worker and ends with its owner."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Not by threadpoolctl: its limit holds for libraries that are already loaded, and a worker loads numpy and torch later
# (measured: both then use all cores).
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""Environment variables from which numerical libraries take their number of threads when they are loaded."""


class Pool:
    """Runs functions in other processes.

    If a worker dies (for example by a segmentation fault in C code), the executor of the standard library fails and
    all waiting tasks with it. Here each of these tasks is tried once more, alone, in a fresh process.

    Args:
        workers: number of processes.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._executor = self._start()

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Task:
        """Start a call in one of the processes.

        Args:
            function: a picklable function.
            arguments: its positional arguments, picklable.
        """
        try:
            future = self._executor.submit(function, *arguments)
        except BrokenProcessPool:
            self._executor = self._start()
            future = self._executor.submit(function, *arguments)
        return Task(future, self, function, arguments)

    def again(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function in a fresh process, and return its result."""
        with _start(1) as executor:
            return executor.submit(function, *arguments).result()

    def close(self) -> None:
        """End the processes; tasks that have not begun are cancelled."""
        self._executor.shutdown(cancel_futures=True)

    def _start(self) -> ProcessPoolExecutor:
        return _start(self.workers)


class Task:
    """A call that was submitted to a pool."""

    def __init__(
        self, future: Future[Any], pool: Pool, function: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> None:
        self._future, self._pool, self._function, self._arguments = future, pool, function, arguments

    def result(self) -> Any:
        """Wait for the call, and return its result.

        Raises:
            BrokenProcessPool: the process died, and so did the one of the second attempt.
        """
        try:
            return self._future.result()
        except BrokenProcessPool:
            return self._pool.again(self._function, *self._arguments)


def _start(workers: int) -> ProcessPoolExecutor:
    """Start processes that limit themselves to one thread.

    A spawned process copies the environment of its owner when it starts, and an executor starts its processes as tasks
    come in. One task for each process starts them all while the environment asks for one thread.
    """
    executor = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin)
    with _one_thread(), _no_interrupt():
        for _ in range(workers):
            executor.submit(os.getpid)
    return executor


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Ask for one thread in the environment, and restore the environment afterwards."""
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


@contextlib.contextmanager
def _no_interrupt() -> Iterator[None]:
    """Block SIGINT in this thread, and so in the processes that it starts; what comes meanwhile comes afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """In a worker: end the process when the owner of the pool has ended, however it ended, or at Ctrl-C.

    Ctrl-C in a terminal reaches the workers too, and each of them would print the traceback of a KeyboardInterrupt. So
    they start with SIGINT blocked, and let it through when it ends them without a word. Where the owner ignores it, as
    a job in the background does, they do too.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    owner = multiprocessing.parent_process()
    assert owner is not None

    def wait() -> None:
        multiprocessing.connection.wait([owner.sentinel])
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
