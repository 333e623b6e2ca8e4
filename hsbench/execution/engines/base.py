"""The interface of an engine, which starts the worker processes of a plan's cells.

An engine writes the job file of each cell and runs hsbench.execution.worker on it in a separate process (see
hsbench.execution.process): on this machine (local), on the workers of a dask cluster (dask), or on the nodes of a
Slurm cluster (slurm). All processes share one results folder.
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
    """Receives the progress of a run, for display. Calls may come from several threads."""

    def started(self, planned: PlannedCell) -> None:
        """Handle the start of a cell's worker process."""

    def progressed(self, planned: PlannedCell, stage: str, done: float, total: int) -> None:
        """Handle a progress event of a cell's worker process.

        Args:
            planned: the cell.
            stage: "start", "compile" (the first step), "train" (counted in training steps), "fit" or "score"
                (counted in clips).
            done: number of finished steps or clips; fractional while a group of clips is being fitted.
            total: number of all steps or clips of the stage.
        """

    def ended(self, planned: PlannedCell, outcome: Outcome) -> None:
        """Handle the end of a cell's worker process.

        Args:
            planned: the cell.
            outcome: how it ended.
        """

    def noted(self, sentence: str) -> None:
        """Handle an event of the run that belongs to no single cell.

        Args:
            sentence: what happened.
        """


class Engine(Protocol):
    """Runs the cells of a plan."""

    def run(
        self, cells: Sequence[PlannedCell], imports: Sequence[str] = (), command: Sequence[str] = ()
    ) -> list[Outcome]:
        """Run the worker process of each cell and wait for all of them.

        Args:
            cells: cells with missing work.
            imports: absolute paths of Python files that register plug-ins.
            command: command line of the run, kept as provenance.

        Returns:
            How each cell ended, in the order of `cells`.

        Raises:
            KeyboardInterrupt: the run was interrupted; the worker processes have been stopped first.
        """
        ...


def assign(
    planned: PlannedCell, results: Results, resources: Resources, imports: Sequence[str], command: Sequence[str]
) -> CellFolder | Outcome:
    """Write the job file of a cell, which its worker process reads.

    Args:
        planned: the cell.
        results: the results folder.
        resources: device, threads and processes of the cell.
        imports: absolute paths of Python files that register plug-ins.
        command: command line of the run, kept as provenance.

    Returns:
        The folder of the cell with an absolute path; where the file cannot be written, the outcome "failed".
    """
    folder = type(results)(results.root.resolve()).cell(planned.cell)
    try:
        planned.job(resources, imports, command).write(folder.job)
    except OSError as error:
        return Outcome("failed", str(storage_error(error, folder.path) or error))
    return folder
