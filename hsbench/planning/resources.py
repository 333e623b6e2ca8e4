"""Resources of a run: device, cells at the same time, CPU threads and time limit, with the pins of experiments."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

from hsbench import budgets
from hsbench.device import gpu_visible
from hsbench.errors import UnknownNameError, UsageError
from hsbench.planning.pins import pins_of, refuse_other
from hsbench.spec import Resources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.planning.selection import Selection

DEVICES = ("auto", "cpu", "cuda")


def resources_of(selections: Sequence[Selection]) -> Resources:
    """Return the resources of a request, with the pins of its experiments applied.

    Args:
        selections: all experiments of the request, at least one.

    Raises:
        UnknownNameError: there is no such device or budget.
        UsageError: a number is out of range, or an option contradicts a pin of an experiment.
    """
    request = selections[0].request
    pinned = pins_of([selection.experiment for selection in selections])
    jobs = request.jobs
    if jobs is None:
        # One cell fills a GPU, and several would have to share its memory; on a CPU each cell can have a core.
        on_cpu = _device(request.device if pinned is None else pinned[1].device) == "cpu"
        jobs = cores() if on_cpu and all(selection.experiment.parallel for selection in selections) else 1
    if pinned is None:
        chosen = choose(request.device, jobs, request.timeout, request.budget, request.processes)
        return dataclasses.replace(chosen, eager=request.eager)
    name, pins = pinned
    refuse_other(name, "device", None if request.device == "auto" else request.device, pins.device)
    chosen = choose(pins.device, jobs, request.timeout, request.budget or pins.budget, request.processes)
    return dataclasses.replace(chosen, threads=pins.threads, eager=request.eager)


def choose(
    device: str, jobs: int = 1, timeout: float | None = None, budget: str | None = None, processes: int = 1
) -> Resources:
    """Return the resources of a run, with the CPU cores divided equally among all processes that run at once.

    Args:
        device: "auto", "cpu" or "cuda"; "auto" is "cuda" where a GPU is visible.
        jobs: number of cells computed at the same time.
        timeout: seconds after which a cell is stopped; None for the limit of the budget.
        budget: name of the budget; None for the default of the device.
        processes: number of processes that train each cell together.

    Raises:
        UnknownNameError: there is no such device or budget.
        UsageError: a number is out of range.
    """
    chosen = _device(device)
    if jobs < 1:
        raise UsageError(f"--jobs expects a number of cells from 1, got {jobs}.")
    if processes < 1:
        raise UsageError(f"--processes expects a number of processes for each cell from 1, got {processes}.")
    if timeout is not None and timeout <= 0:
        raise UsageError(f"--timeout expects seconds above 0, got {timeout}.")
    limit = budgets.budget(budget or budgets.default_budget(chosen)).timeout
    threads = max(1, cores() // (jobs * processes))
    return Resources(chosen, jobs, threads, limit if timeout is None else timeout, processes)


def _device(name: str) -> str:
    """Return "cpu" or "cuda" for the name of a device; "auto" is "cuda" where a GPU is visible.

    Raises:
        UnknownNameError: there is no such device.
    """
    if name not in DEVICES:
        raise UnknownNameError("device", name, DEVICES)
    return name if name != "auto" else ("cuda" if gpu_visible() else "cpu")


def cores() -> int:
    """Return the number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
