"""The whole work of one cell, top to bottom: rebuild what is missing group by group, score it, keep it as it comes."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.execution.rebuilding import Rebuilder
from hsbench.execution.scoring import CellScorer
from hsbench.results import provenance, references
from hsbench.results.cell_folder import now

if TYPE_CHECKING:
    from hsbench.execution.task import Task


def complete(task: Task) -> None:
    """Do all that is missing of a cell, with its specification and provenance beside it.

    Raises:
        BackendMissingError: a score needs a package that is not installed; everything else is kept.
    """
    job, folder = task.job, task.folder
    folder.write_spec(job.cell)
    began = time.perf_counter()
    session = {"started": now(), **provenance.session(job.device, job.threads), "seed": job.cell.seed}
    session |= {"command": list(job.command), "fingerprint": job.cell.corpus["fingerprint"]}
    folder.add_provenance(session)
    references.add(task.results, task.corpus, job.cell.corpus["fingerprint"], task.items)
    rebuilder = Rebuilder(task)
    with CellScorer(task, rebuilder) as scorer:
        _rebuild_and_score(task, rebuilder, scorer)
    policy = dict(job.cell.budget.settings).get("precision", "fp32")
    if facts := provenance.torch_facts(job.device, policy):
        folder.amend_provenance({**facts, "seconds": round(time.perf_counter() - began, 2)})
    scorer.require_backends()


def _rebuild_and_score(task: Task, rebuilder: Rebuilder, scorer: CellScorer) -> None:
    """Work through the clips in groups of the model's size; a group is the unit that a stopped run repeats."""
    pending = bool(task.pending.rebuilds())
    if pending and task.base is not None:
        _complete_base(task, rebuilder)
    kind = registry.model(task.job.cell.model.name).load() if pending else None
    size = max(1, int(getattr(kind, "group", 1)) if pending else len(task.items))
    for start in range(0, len(task.items), size):
        group = task.items[start : start + size]
        if unbuilt := task.pending_items(group):
            rebuilder.rebuild(unbuilt)
        scorer.score(group)


def _complete_base(task: Task, rebuilder: Rebuilder) -> None:
    """Fit the base of a cell where its fit is missing; waits for another process that may be working on it."""
    assert task.base is not None
    folder = task.results.cell(task.base)
    with folder.locked(patience=math.inf):
        base = task.base_task()
        if base.pending.rebuilds():
            complete(base)
            folder.set_status("done")
        rebuilder.model()  # which trains, where the network that the base once had is gone


def assist(task: Task) -> None:
    """Do the part of a process that only helps to train: the first process of the team does everything else."""
    if not task.pending.rebuilds():
        return
    if task.base is None:
        Rebuilder(task).model()
    else:
        assist(task.base_task())
