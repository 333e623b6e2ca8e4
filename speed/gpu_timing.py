"""Times of steps on a GPU, for speed/gpu_steps.py: of one process at a time, and kernel by kernel."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Run = Callable[[], torch.Tensor]

PROFILED = 25
"""Kernels of a profile."""


class Gate:
    """Makes several processes time one after the other, once all of them are ready or it is time to begin.

    Args:
        folder: folder that all of them see; None for a process that runs alone.
        count: number of processes.
        place: rank of this process, from 0; among the ready ones, the lowest goes first.
        opening: value of time.monotonic() from which no process waits for another one to be ready.
    """

    def __init__(self, folder: Path | None = None, count: int = 1, place: int = 0, opening: float = 0.0) -> None:
        self.folder, self.count, self.place, self.opening = folder, count, place, opening

    @contextlib.contextmanager
    def passed(self) -> Iterator[None]:
        """Wait until the gate is open, and then until no other process is behind it or goes first."""
        if self.folder is None:
            yield
            return
        mine = self.folder / f"{self.place}.ready"
        mine.write_text(str(os.getpid()), encoding="utf-8")
        while self._arrived() < self.count and time.monotonic() < self.opening:
            time.sleep(0.1)
        while any(self._goes_first(place) for place in range(self.place)):
            time.sleep(0.05)
        with (self.folder / "lock").open("w") as lock:  # one that was late may be behind the gate already
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        mine.rename(mine.with_suffix(".done"))

    def _arrived(self) -> int:
        """Return how many processes have come to the gate so far."""
        assert self.folder is not None
        return len([*self.folder.glob("*.ready"), *self.folder.glob("*.done")])

    def _goes_first(self, place: int) -> bool:
        """Return whether the process of a rank is ready, alive, and not done."""
        assert self.folder is not None
        with contextlib.suppress(OSError, ValueError):  # no such file, or one that is being written
            return Path(f"/proc/{int((self.folder / f'{place}.ready').read_text(encoding='utf-8'))}").exists()
        return False


def kernels(run: Run, steps: int = 3) -> list[tuple[str, int, float]]:
    """Return the kernels that take most time in a step: name, calls per step, and milliseconds per step.

    On a CPU these are torch's operations.
    """
    on_gpu = torch.cuda.is_available()
    kind = torch.profiler.ProfilerActivity.CUDA if on_gpu else torch.profiler.ProfilerActivity.CPU
    with torch.profiler.profile(activities=[kind]) as profile:
        for _ in range(steps):
            run()
        if on_gpu:
            torch.cuda.synchronize()
    spent = [
        (event.key[:80], event.count // steps, self_time(event, on_gpu=on_gpu) / 1000 / steps)
        for event in profile.key_averages()
    ]
    return sorted(spent, key=lambda kernel: -kernel[2])[:PROFILED]


def self_time(event: Any, *, on_gpu: bool) -> float:
    """Return the microseconds of an event of torch's profiler without those of the events inside it."""
    return float(event.self_device_time_total if on_gpu else event.self_cpu_time_total)


def timed(run: Run, chunk: int) -> float:
    """Return the time of a step in seconds; the device is idle before and after the measurement."""
    synchronize = torch.cuda.synchronize if torch.cuda.is_available() else lambda: None
    run()
    synchronize()
    start = time.perf_counter()
    for _ in range(chunk):
        run()
    synchronize()
    return (time.perf_counter() - start) / chunk
