"""The whole work on one cell, from top to bottom: rebuild the missing clips group by group, and score each group.

Everything is written as soon as it is computed, so that a stopped run resumes after its last complete group.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.execution.rebuilding import Rebuilder
from hsbench.execution.scoring import CellScorer
from hsbench.execution.stopwatch import Stopwatch
from hsbench.results import provenance, references
from hsbench.results.cell_folder import now

if TYPE_CHECKING:
    from hsbench.execution.task import Task


def complete(task: Task) -> None:
    """Do all pending work of a cell, and write its specification and provenance.

    Args:
        task: the cell, whose lock the caller holds.

    Raises:
        BackendMissingError: a score needs a package that is not installed; everything else is computed and written.
    """
    job, folder = task.job, task.folder
    folder.write_spec(job.cell)
    start = time.perf_counter()
    session = {"started": now(), **provenance.session(job.device, job.threads), "seed": job.cell.seed}
    session |= {"command": list(job.command), "fingerprint": job.cell.corpus["fingerprint"]}
    if (trained := job.cell.train_corpus) is not None:
        session["train_corpus"] = {"name": trained.name, "fingerprint": trained["fingerprint"]}
    folder.add_provenance(session)
    references.add(task.results, task.corpus, job.cell.corpus["fingerprint"], task.items)
    rebuilder, watch = Rebuilder(task), Stopwatch(task)
    with CellScorer(task, rebuilder) as scorer:
        _rebuild_and_score(task, rebuilder, scorer, watch)
    watch.keep(rebuilder)
    policy = dict(job.cell.budget.settings).get("precision", "fp32")
    if facts := provenance.torch_facts(job.device, policy, eager=job.eager):
        folder.amend_provenance({**facts, "seconds": round(time.perf_counter() - start, 2)})
    scorer.require_backends()


def _rebuild_and_score(task: Task, rebuilder: Rebuilder, scorer: CellScorer, watch: Stopwatch) -> None:
    """Rebuild and score the clips in groups of the size that the model declares.

    A group is the unit of resuming: a run that is stopped repeats at most the group that it was fitting.
    """
    pending = bool(task.pending.rebuilds())
    if pending and task.base is not None:
        _complete_base(task, rebuilder)
    kind = registry.model(task.job.cell.model.name).load() if pending else None
    size = max(1, int(getattr(kind, "group", 1)) if pending else len(task.items))
    for start in range(0, len(task.items), size):
        group = task.items[start : start + size]
        if unbuilt := task.pending_items(group):
            with watch.rebuilding(unbuilt):
                rebuilder.rebuild(unbuilt)
        with watch.scoring(group):
            scorer.score(group)


def _complete_base(task: Task, rebuilder: Rebuilder) -> None:
    """Fit the base of a cell if its fit is missing; wait if another process is working on the base."""
    assert task.base is not None
    folder = task.results.cell(task.base)
    with folder.locked(patience=math.inf):
        base = task.base_task()
        if base.pending.rebuilds():
            complete(base)
            folder.set_status("done")
        rebuilder.model()  # trains again if the network of the base was deleted


def assist(task: Task) -> None:
    """Help to train the model of a cell, in a process that is not the first one of the cell's processes.

    The first process does everything else: it reconstructs, scores and writes.

    Args:
        task: the cell, or the cell whose base is to be trained.
    """
    if not task.pending.rebuilds() or task.job.network is not None:
        return
    if task.base is None:
        Rebuilder(task).model()
    else:
        assist(task.base_task())
