"""From options to a request and resources, for the verbs that plan."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench import registry, spec
from hsbench.device import gpu_visible
from hsbench.errors import UnknownNameError, UsageError
from hsbench.execution.engines.choose import Choice
from hsbench.planning.pins import pins_of, refuse_other
from hsbench.planning.resolve import Request
from hsbench.spec import Resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hsbench.results.store import Results

DEVICES = ("auto", "cpu", "cuda")


def request(options: Mapping[str, Any]) -> Request:
    """The request that a verb's options make.

    Args:
        options: the verb's parameters by name, as typer's context has them.
    """
    return Request(
        experiments=tuple(options["experiments"]),
        corpus=options["corpus"],
        budget=options["budget"],
        protocol=options["protocol"],
        changes=tuple(options["changes"] or ()),
        filters=tuple(options["filters"] or ()),
        split=options["split"],
        data_root=None if options["data_root"] is None else Path(options["data_root"]),
        limit=options["limit"],
        seeds=options["seeds"],
    )


def import_files(paths: Iterable[Path] | None) -> tuple[str, ...]:
    """Register what plug-in files define; their absolute paths, for the cells."""
    found = [path.resolve() for path in paths or ()]
    for path in found:
        registry.import_file(path)
    return tuple(str(path) for path in found)


def settled(options: Mapping[str, Any]) -> tuple[Request, Resources]:
    """The request and the resources that a verb's options make, with what its experiments pin.

    Args:
        options: the verb's parameters by name, as typer's context has them.

    Raises:
        UsageError: an option contradicts what an experiment pins.
    """
    made, found = request(options), pins_of(options["experiments"])
    device, budget = options["device"], options["budget"]
    if found is not None:
        name, pins = found
        refuse_other(name, "device", None if device == "auto" else device, pins.device)
        device, budget = pins.device, budget or pins.budget
    where = resources(device, options["jobs"], options.get("timeout"), budget, options["processes"])
    return made, where if found is None else dataclasses.replace(where, threads=found[1].threads)


def resources(device: str, jobs: int, timeout: float | None, budget: str | None, processes: int = 1) -> Resources:
    """Where and how wide to run.

    Raises:
        UnknownNameError: no such device or budget.
        UsageError: a number is out of range.
    """
    if device not in DEVICES:
        raise UnknownNameError("device", device, DEVICES)
    if jobs < 1:
        raise UsageError(f"--jobs expects a number of cells from 1, got {jobs}.")
    if processes < 1:
        raise UsageError(f"--processes expects a number of processes for each cell from 1, got {processes}.")
    if timeout is not None and timeout <= 0:
        raise UsageError(f"--timeout expects seconds above 0, got {timeout}.")
    chosen = device if device != "auto" else ("cuda" if gpu_visible() else "cpu")
    limit = spec.budget(budget or ("standard" if chosen == "cuda" else "quick")).timeout
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    threads = max(1, cores // (jobs * processes))
    return Resources(chosen, jobs, threads, limit if timeout is None else timeout, processes)


def engine(name: str, address: str | None, slurm: Sequence[str] | None) -> Choice:
    """The choice of an engine; a parameter's value is JSON where it can be, else text.

    Raises:
        UsageError: a parameter is not key=value.
    """
    parameters = {}
    for text in slurm or ():
        key, equals, value = text.partition("=")
        if not (equals and key.isidentifier() and value):
            raise UsageError(f"--slurm expects KEY=VALUE, such as partition=gpu, got {text!r}.")
        try:
            parameters[key] = json.loads(value)
        except ValueError:
            parameters[key] = value
    return Choice(name, address, parameters)


def groups(store: Results, experiments: Sequence[str], wanted: dict[str, str | None]) -> list[tuple[str, str]]:
    """(experiment, group) pairs that are there and match.

    Args:
        store: the results.
        experiments: names.
        wanted: corpus, budget and protocol, None for any.

    Raises:
        UnknownNameError: an experiment is neither there nor registered.
    """
    chosen = []
    for name in experiments:
        if name not in store.views():
            registry.get("experiments", name)
        for group, request in store.view(name)["groups"].items():
            there = {key: {request[key]} for key in ("budget", "protocol")}
            there["corpus"] = {row["corpus"] for row in request["rows"]}
            if all(value is None or value in there[key] for key, value in wanted.items()):
                chosen.append((name, group))
    return chosen
