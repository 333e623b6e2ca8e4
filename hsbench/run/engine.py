"""Engines: who starts the processes of a plan's cells. All share a results folder, and that is all they share.

Every engine writes each cell's job file and has `python -m hsbench.run.cell` run on it in a process of its own (see
hsbench.run.process): this machine (local), the workers of a dask cluster (dask), or the nodes of a Slurm cluster
(slurm).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from hsbench.errors import UnknownNameError, UsageError, storage_error
from hsbench.run.process import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.run.plan import Work
    from hsbench.run.store import CellFolder, Results
    from hsbench.spec import Resources

ENGINES = ("local", "dask", "slurm")


class Listener(Protocol):
    """What watches a run."""

    def started(self, work: Work) -> None:
        """A cell's process runs."""

    def progressed(self, work: Work, stage: str, done: float, total: int) -> None:
        """So many of its clips are done; a fraction while a group is being fitted."""

    def ended(self, work: Work, outcome: Outcome) -> None:
        """It is over."""


class Engine(Protocol):
    """What runs works."""

    def run(self, works: Sequence[Work], imports: Sequence[str] = (), asked: Sequence[str] = ()) -> list[Outcome]:
        """Run each work to its end; the outcomes in the same order.

        Args:
            works: cells with missing work.
            imports: Python files that register plug-ins.
            asked: the command line, for provenance.

        Raises:
            KeyboardInterrupt: after every process was told and has ended.
        """
        ...


@dataclass(frozen=True)
class Choice:
    """Which engine, and what only it knows.

    Attributes:
        name: one of ENGINES.
        address: of a dask scheduler, such as tcp://host:8786; None starts workers on this machine.
        slurm: parameters of the jobs, as submitit names them.
    """

    name: str = "local"
    address: str | None = None
    slurm: Mapping[str, Any] = field(default_factory=dict)


def create(choice: Choice, results: Results, resources: Resources, listener: Listener) -> Engine:
    """The engine of a choice.

    Raises:
        UnknownNameError: there is none of that name.
        UsageError: an option belongs to another engine.
        BackendMissingError: its package, or its cluster, is not here.
    """
    if choice.name not in ENGINES:
        raise UnknownNameError("engine", choice.name, ENGINES)
    if choice.address is not None and choice.name != "dask":
        raise UsageError(f"--address goes with --engine dask, got --engine {choice.name}.")
    if choice.slurm and choice.name != "slurm":
        raise UsageError(f"--slurm goes with --engine slurm, got --engine {choice.name}.")
    if choice.name == "dask":
        from hsbench.run.dask import DaskEngine

        return DaskEngine(results, resources, listener, choice.address)
    if choice.name == "slurm":
        from hsbench.run.slurm import SlurmEngine

        return SlurmEngine(results, resources, listener, choice.slurm)
    from hsbench.run.local import LocalEngine

    return LocalEngine(results, resources, listener)


def assign(
    work: Work, results: Results, resources: Resources, imports: Sequence[str], asked: Sequence[str]
) -> CellFolder | Outcome:
    """Write the job file of a work; its folder, by an absolute path, or why that failed."""
    folder = type(results)(results.root.resolve()).cell(work.cell)
    try:
        work.job(resources, imports, asked).write(folder.job)
    except OSError as error:
        return Outcome("failed", str(storage_error(error, folder.path) or error))
    return folder
