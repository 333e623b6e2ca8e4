"""Times of steps on a GPU, for speed/gpu_steps.py: of one process at a time, and kernel by kernel."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[[], torch.Tensor]

PROFILED = 25
"""Kernels of a profile."""


class Gate:
    """Makes several processes start to time together, one after the other.

    Args:
        folder: folder that all of them see; None for a process that runs alone.
        count: number of processes.
        end: value of time.monotonic() after which no process waits for another one to be ready.
    """

    def __init__(self, folder: Path | None, count: int, end: float) -> None:
        self.folder, self.count, self.end = folder, count, end

    @contextlib.contextmanager
    def passed(self) -> Iterator[None]:
        """Wait until all processes are ready, and then until no other one is behind the gate."""
        if self.folder is None:
            yield
            return
        (self.folder / f"{os.getpid()}.ready").touch()
        while len(list(self.folder.glob("*.ready"))) < self.count and time.monotonic() < self.end:
            time.sleep(0.1)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


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
