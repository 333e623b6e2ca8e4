"""Real reruns of finished cells with other seeds and thread counts, each kept in a results folder of its own."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench.errors import IncompleteError
from hsbench.execution.engines.local import LocalEngine
from hsbench.planning import plan
from hsbench.planning.job import Job
from hsbench.planning.plan import PlannedCell
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
        seed: in place of the cell's own.
        threads: number of CPU threads.
    """

    seed: int
    threads: int


def chosen(count: int, seeds: int) -> list[Rerun]:
    """Return reruns: the first seed on two threads, then fresh seeds on one thread and on two in turn.

    Args:
        count: number of reruns.
        seeds: number of seeds that the rows have; fresh ones start there.
    """
    fresh = (Rerun(seeds + number, 1 + number % 2) for number in range(count - 1))
    return [Rerun(0, 2), *fresh][:count]


def make(results: Results, view: View, rerun: Rerun, device: str, listener: Listener) -> dict[str, CellFolder]:
    """Compute a rerun of every row; what an earlier call finished is not computed again.

    Args:
        results: the results folder whose cells are run again.
        view: whose rows are meant.
        rerun: seed and threads.
        device: "cpu" or "cuda".
        listener: is told how it goes.

    Returns:
        Row name -> the finished cell.

    Raises:
        IncompleteError: a cell did not get done.
    """
    own = results.reruns(f"threads-{rerun.threads}")
    resources = Resources(device, 1, rerun.threads)
    jobs = {row.name: Job.read(results.folder(row.cells[0]).job) for row in view.rows if row.cells}
    cells = {row.name: _planned(row, jobs[row.name], view, rerun.seed) for row in view.rows if row.cells}
    imports = list(dict.fromkeys(path for job in jobs.values() for path in job.imports))
    pending = _pending(cells.values(), own, resources)
    outcomes = LocalEngine(own, resources, listener).run(pending, imports, ("rerun",))
    if left := _pending(cells.values(), own, resources):
        said = "; ".join(outcome.message for outcome in outcomes if outcome.message)
        raise IncompleteError(
            f"{len(left)} cells of the rerun with seed {rerun.seed} are incomplete ({said}); bless again to go on."
        )
    return {name: own.cell(planned.cell) for name, planned in cells.items()}


def _planned(row: ViewRow, job: Job, view: View, seed: int) -> PlannedCell:
    """The cell of a row with another seed."""
    cell = dataclasses.replace(job.cell, seed=seed)
    return PlannedCell(cell, job.source, [row.name], list(view.corpus(row).clips), list(view.metrics), job.places)


def _pending(cells: Iterable[PlannedCell], own: Results, resources: Resources) -> list[PlannedCell]:
    """Those that still lack something."""
    looked_at = list(cells)
    for planned in looked_at:
        plan.look(planned, own, resources)
    return [planned for planned in looked_at if planned.pending]
