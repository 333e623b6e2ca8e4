"""Run finished cells again with other seeds, numbers of threads and instruction sets, in separate results folders."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench.drift import processors
from hsbench.errors import IncompleteError
from hsbench.execution.engines.local import LocalEngine
from hsbench.planning import plan
from hsbench.planning.estimate import Estimator
from hsbench.planning.job import Job
from hsbench.planning.plan import PlannedCell
from hsbench.planning.text import quantity
from hsbench.spec import Resources

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hsbench.execution.engines.base import Listener
    from hsbench.results.cell_folder import CellFolder
    from hsbench.results.store import Results
    from hsbench.results.view import View, ViewRow


@dataclass(frozen=True)
class Rerun:
    """One rerun of every row.

    Attributes:
        seed: seed of the rerun, in place of the cell's own.
        threads: number of CPU threads.
        instructions: name of the instruction set that the rerun is limited to, see processors.INSTRUCTIONS; "" for all
            that the machine has.
    """

    seed: int
    threads: int
    instructions: str = ""

    def __str__(self) -> str:
        """Return what differs from the results, in words."""
        limit = f", instructions up to {self.instructions.upper()}" if self.instructions else ""
        return f"seed {self.seed}, {quantity(self.threads, 'thread')}{limit}"

    @property
    def folder(self) -> str:
        """Name of its results folder below reruns/."""
        return self.instructions or f"threads-{self.threads}"


def chosen(count: int, seeds: int) -> list[Rerun]:
    """Return the reruns to make: seed 0 on two threads, then new seeds, alternately on one thread and on two.

    Seed 0 follows once more for each older instruction set that this machine can be limited to.

    Args:
        count: number of reruns, without those that limit the instruction set.
        seeds: number of seeds that the results have, 0 to seeds - 1; the new seeds follow.
    """
    new_seeds = (Rerun(seeds + number, 1 + number % 2) for number in range(count - 1))
    return [*[Rerun(0, 2), *new_seeds][:count], *(Rerun(0, 1, name) for name in processors.limits())]


def make(results: Results, view: View, rerun: Rerun, device: str, listener: Listener) -> dict[str, CellFolder]:
    """Run every row again; cells that an earlier call finished are not computed again.

    Args:
        results: the results folder whose cells are run again.
        view: view whose rows are run.
        rerun: seed, number of threads and instruction set of the rerun.
        device: "cpu" or "cuda".
        listener: receives the progress of the rerun.

    Returns:
        Name of the row -> folder of its finished cell.

    Raises:
        IncompleteError: a cell of the rerun is not finished.
    """
    own = results.reruns(rerun.folder)
    resources = Resources(device, 1, rerun.threads)
    jobs = {row.name: Job.read(results.folder(row.cells[0]).job) for row in view.rows if row.cells}
    cells = {row.name: _planned(row, jobs[row.name], view, rerun.seed) for row in view.rows if row.cells}
    imports = list(dict.fromkeys(path for job in jobs.values() for path in job.imports))
    pending = _pending(cells.values(), own, resources)
    environment = processors.INSTRUCTIONS.get(rerun.instructions, {})
    outcomes = LocalEngine(own, resources, listener, environment).run(pending, imports, ("rerun",))
    if unfinished := _pending(cells.values(), own, resources):
        messages = "; ".join(outcome.message for outcome in outcomes if outcome.message)
        raise IncompleteError(
            f"expected a complete rerun with {rerun}, and {quantity(len(unfinished), 'cell')} could not be "
            f"finished ({messages}); run bless again to continue."
        )
    return {name: own.cell(planned.cell) for name, planned in cells.items()}


def _planned(row: ViewRow, job: Job, view: View, seed: int) -> PlannedCell:
    """Return the work on a row's cell with another seed."""
    cell = dataclasses.replace(job.cell, seed=seed)
    clips, metrics = list(view.corpus(row).clips), list(view.metrics)
    return PlannedCell(cell, job.source, [row.name], clips, metrics, job.places, train_source=job.train_source)


def _pending(cells: Iterable[PlannedCell], own: Results, resources: Resources) -> list[PlannedCell]:
    """Return the cells that have pending work."""
    planned_cells, estimator = list(cells), Estimator(resources)
    for planned in planned_cells:
        plan.look(planned, own, estimator)
    return [planned for planned in planned_cells if planned.pending]
