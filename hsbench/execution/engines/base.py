"""What every engine does: start the worker processes of a plan's cells, all of which share one results folder.

An engine writes the job file of each cell and runs `python -m hsbench.execution.worker` on it in a process of its own
(see hsbench.execution.process): on this machine (local), on the workers of a dask cluster (dask), or on the nodes of a
Slurm cluster (slurm).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from hsbench.errors import storage_error
from hsbench.execution.process import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.planning.plan import Work
    from hsbench.results.store import CellFolder, Results
    from hsbench.spec import Resources


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
