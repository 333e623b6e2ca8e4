"""Real reruns of finished cells with other seeds and thread counts, each kept in a results folder of its own."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.errors import IncompleteError
from hsbench.execution.engines.local import LocalEngine
from hsbench.planning import plan
from hsbench.planning.job import Job
from hsbench.spec import Resources

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.execution.engines.base import Listener
    from hsbench.results.store import CellFolder, Results


@dataclass(frozen=True)
class Rerun:
    """One rerun of every row.

    Attributes:
        seed: in place of the cell's own.
        threads: CPU threads.
    """

    seed: int
    threads: int


def chosen(count: int, seeds: int) -> list[Rerun]:
    """So many reruns: the first seed on two threads, then fresh seeds on one thread and on two in turn.

    Args:
        count: of reruns.
        seeds: that the rows have; fresh ones start there.
    """
    first = [Rerun(0, 2)]
    return [*first, *(Rerun(seeds + number, 1 + number % 2) for number in range(count - 1))][:count]


def make(
    store: Results, request: Mapping[str, Any], rerun: Rerun, device: str, listener: Listener
) -> dict[str, CellFolder]:
    """Row name -> the finished cell of a rerun; what an earlier call finished is not computed again.

    Args:
        store: the results that are run again.
        request: the group of the view.
        rerun: seed and threads.
        device: "cpu" or "cuda".
        listener: watches.

    Raises:
        IncompleteError: a cell did not get done.
    """
    own = store.reruns(f"threads-{rerun.threads}")
    resources = Resources(device, 1, rerun.threads)
    jobs = {row["row"]: Job.read(store.folder(row["cells"][0]).job) for row in request["rows"] if row["cells"]}
    works = {name: _work(name, job, request, rerun.seed) for name, job in jobs.items()}
    imports = list(dict.fromkeys(path for job in jobs.values() for path in job.imports))
    outcomes = LocalEngine(own, resources, listener).run(_open(works.values(), own, resources), imports, ("rerun",))
    if left := _open(works.values(), own, resources):
        said = "; ".join(one.message for one in outcomes if one.message)
        raise IncompleteError(
            f"{len(left)} cells of the rerun with seed {rerun.seed} are incomplete ({said}); bless again to go on."
        )
    return {name: own.cell(work.cell) for name, work in works.items()}


def _work(name: str, job: Job, request: Mapping[str, Any], seed: int) -> plan.Work:
    corpus = next(row["corpus"] for row in request["rows"] if row["row"] == name)
    clips = list(request["corpora"][corpus]["clips"])
    cell = dataclasses.replace(job.cell, seed=seed)
    return plan.Work(cell, job.source, [name], clips, list(request["metrics"]), job.places)


def _open(works: Any, own: Results, resources: Resources) -> Sequence[plan.Work]:
    """Those that still lack something."""
    for work in works:
        plan.look(work, own, resources)
    return [work for work in works if work.unbuilt or work.unscored]
