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

    from hsbench.planning.plan import PlannedCell
    from hsbench.results.cell_folder import CellFolder
    from hsbench.results.store import Results
    from hsbench.spec import Resources


class Listener(Protocol):
    """What is told how a run goes, to show it."""

    def started(self, planned: PlannedCell) -> None:
        """Be told that the worker of a cell runs."""

    def progressed(self, planned: PlannedCell, stage: str, done: float, total: int) -> None:
        """Be told how much of a cell is done.

        Args:
            planned: the cell.
            stage: "start", "train" (counted in training steps), "fit" or "score" (counted in clips).
            done: so many of the total; a fraction while a group of clips is being fitted.
            total: steps or clips.
        """

    def ended(self, planned: PlannedCell, outcome: Outcome) -> None:
        """Be told that the worker of a cell has ended, and how."""


class Engine(Protocol):
    """What runs the cells of a plan."""

    def run(
        self, cells: Sequence[PlannedCell], imports: Sequence[str] = (), command: Sequence[str] = ()
    ) -> list[Outcome]:
        """Run each cell to its end.

        Args:
            cells: those with pending work.
            imports: Python files that register plug-ins.
            command: the command line that asked for it, for provenance.

        Returns:
            How each cell ended, in the same order.

        Raises:
            KeyboardInterrupt: after every process was told and has ended.
        """
        ...


def assign(
    planned: PlannedCell, results: Results, resources: Resources, imports: Sequence[str], command: Sequence[str]
) -> CellFolder | Outcome:
    """Write the job file of a cell; return its folder, by an absolute path, or why that failed."""
    folder = type(results)(results.root.resolve()).cell(planned.cell)
    try:
        planned.job(resources, imports, command).write(folder.job)
    except OSError as error:
        return Outcome("failed", str(storage_error(error, folder.path) or error))
    return folder
