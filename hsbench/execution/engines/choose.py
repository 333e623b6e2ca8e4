"""The choice of the engine that runs the cells, with the options that belong to single engines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hsbench.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hsbench.execution.engines.base import Engine, Listener
    from hsbench.results.store import Results
    from hsbench.spec import Resources

ENGINES = ("local", "dask", "slurm")


@dataclass(frozen=True)
class Choice:
    """Name and options of an engine.

    Attributes:
        name: one of ENGINES.
        address: address of a dask scheduler, such as tcp://host:8786; None starts workers on this machine.
        slurm: parameters of Slurm jobs under their submitit names, such as {"timeout_min": 60}.
        cold: whether the local engine starts each cell by a command, for debugging.
    """

    name: str = "local"
    address: str | None = None
    slurm: Mapping[str, Any] = field(default_factory=dict)
    cold: bool = False


def create(choice: Choice, results: Results, resources: Resources, listener: Listener) -> Engine:
    """Create an engine.

    Args:
        choice: name and options of the engine.
        results: the results folder.
        resources: resources of each cell, and the number of cells at the same time.
        listener: receives the progress of the run.

    Raises:
        UnknownNameError: there is no engine of that name.
        UsageError: an option belongs to another engine.
        BackendMissingError: the package of the engine is not installed, or its cluster cannot be reached from here.
    """
    if choice.name not in ENGINES:
        raise UnknownNameError("engine", choice.name, ENGINES)
    if choice.address is not None and choice.name != "dask":
        raise UsageError(f"--address goes with --engine dask, got --engine {choice.name}; leave --address out.")
    if choice.slurm and choice.name != "slurm":
        raise UsageError(f"--slurm goes with --engine slurm, got --engine {choice.name}; leave --slurm out.")
    if choice.cold and choice.name != "local":
        raise UsageError(f"--cold goes with --engine local, got --engine {choice.name}; leave --cold out.")
    if choice.name == "dask":
        from hsbench.execution.engines.dask import DaskEngine

        return DaskEngine(results, resources, listener, choice.address)
    if choice.name == "slurm":
        from hsbench.execution.engines.slurm import SlurmEngine

        return SlurmEngine(results, resources, listener, choice.slurm)
    from hsbench.execution.engines.local import LocalEngine

    return LocalEngine(results, resources, listener, cold=choice.cold)
