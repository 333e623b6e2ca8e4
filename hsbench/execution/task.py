"""A task: the job, corpus, folder and pending work of the one cell that a worker process computes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench import registry
from hsbench.corpora.base import fingerprint, items
from hsbench.errors import DataError
from hsbench.results.base_cell import base_of
from hsbench.results.pending import PendingWork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hsbench.corpora.base import Corpus, Item, Source
    from hsbench.planning.job import Job
    from hsbench.results.cell_folder import CellFolder
    from hsbench.results.store import Results
    from hsbench.spec import Cell, Part

    Progress = Callable[[str, float, int], None]


@dataclass(frozen=True, eq=False)
class Task:
    """One job on the folder of one cell, whose lock the caller holds.

    Attributes:
        job: the job: cell, clips, metrics and resources.
        folder: folder of the cell.
        results: the results folder that the cell belongs to.
        progress: function that receives the progress as (stage, done, total).
        corpus: the opened corpus.
        items: manifest entries of the wanted clips, in the order of the job; their audio is not loaded yet.
        pending: pending work of the cell, updated while the worker proceeds.
        base: the cell whose fit this one decodes (see hsbench.results.base_cell); None for a cell that fits.
        train_corpus: the opened corpus whose training split the model learns from; `corpus` unless the cell names
            another one.
    """

    job: Job
    folder: CellFolder
    results: Results
    progress: Progress
    corpus: Corpus
    items: tuple[Item, ...]
    pending: PendingWork
    base: Cell | None
    train_corpus: Corpus

    @classmethod
    def open(
        cls, job: Job, folder: CellFolder, results: Results, progress: Progress, *, weights_needed: bool = False
    ) -> Task:
        """Open the corpora of a job and determine the pending work of its cell.

        Args:
            job: the job: cell, clips, metrics and resources.
            folder: folder of the cell.
            results: the results folder that the cell belongs to.
            progress: function that receives the progress as (stage, done, total).
            weights_needed: whether another cell is about to decode the weights that this one fitted.

        Raises:
            DataError: a corpus has changed since the cell was planned, or the scored one lacks a clip.
        """
        corpus, train_corpus = open_corpora(job)
        items = items_of(job, corpus)
        pending = PendingWork(
            folder, job.cell.model.name, [item.id for item in items], job.metrics, weights_needed=weights_needed
        )
        return cls(job, folder, results, progress, corpus, tuple(items), pending, base_of(job.cell), train_corpus)

    def base_task(self) -> Task:
        """Return the task that fits the base of this cell, without scoring it; it precedes the decoding."""
        assert self.base is not None
        job = dataclasses.replace(self.job, cell=self.base, metrics=())
        return Task.open(job, self.results.cell(self.base), self.results, self.progress, weights_needed=True)

    @property
    def rebuilt(self) -> int:
        """Number of wanted clips that are rebuilt already."""
        return sum(item.id in self.pending.rows for item in self.items)

    def pending_items(self, items: Iterable[Item]) -> list[Item]:
        """Return the items, out of those given, whose clips have to be rebuilt."""
        wanted = list(items)
        pending = set(self.pending.rebuilds(item.id for item in wanted))
        return [item for item in wanted if item.id in pending]

    @property
    def protocol(self) -> dict[str, Any]:
        """The protocol switches that the model reads, by name."""
        return dict(self.job.cell.protocol.settings)


def open_corpora(job: Job) -> tuple[Corpus, Corpus]:
    """Open the scored corpus of a job and its training corpus, which are the same unless the cell names another one.

    Raises:
        DataError: a corpus has another fingerprint than the one that the cell's key hashes.
    """
    scored = _opened(job.cell.corpus, job.source)
    if job.cell.train_corpus is None:
        return scored, scored
    assert job.train_source is not None, "Job.read and the plan give every such cell its source"
    return scored, _opened(job.cell.train_corpus, job.train_source)


def _opened(part: Part, source: Source) -> Corpus:
    """Open a corpus and compare its fingerprint with that of a cell.

    Args:
        part: the corpus in the specification of the cell.
        source: data root and settings of the corpus.

    Raises:
        DataError: the fingerprints differ.
    """
    corpus: Corpus = registry.corpus(part.name).load()(source)
    if (present := fingerprint(corpus)) != part["fingerprint"]:
        raise DataError(
            f"corpus {part.name!r} has fingerprint {present[:12]} and this cell was planned for "
            f"{part['fingerprint'][:12]}; plan the run again."
        )
    return corpus


def items_of(job: Job, corpus: Corpus) -> list[Item]:
    """Return the manifest entries of a job's clips, in the order of the job, from any split of the corpus.

    Raises:
        DataError: no manifest of the corpus lists a clip.
    """
    known = items(corpus)
    if unknown := [clip for clip in job.clips if clip not in known]:
        raise DataError(f"corpus {corpus.name!r} has no clip {unknown[0]!r}; plan the run again.")
    return [known[clip] for clip in job.clips]
