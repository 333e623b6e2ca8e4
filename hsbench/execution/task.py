"""A task: everything that one worker has at hand while it works on one cell."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench import registry
from hsbench.corpora.base import SPLITS, fingerprint, manifest_or_none
from hsbench.errors import DataError
from hsbench.results.base_cell import base_of
from hsbench.results.pending import PendingWork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hsbench.corpora.base import Corpus, Item
    from hsbench.planning.job import Job
    from hsbench.results.cell_folder import CellFolder
    from hsbench.results.store import Results
    from hsbench.spec import Cell

    Progress = Callable[[str, float, int], None]


@dataclass(frozen=True, eq=False)
class Task:
    """One job on one cell's folder, which the caller holds locked.

    Attributes:
        job: what to do.
        folder: of the cell.
        results: the results folder that the cell belongs to.
        progress: takes stage, done and total.
        corpus: opened.
        items: the wanted clips before they are loaded, in the job's order.
        pending: what is still missing; kept up to date while the task is worked on.
        base: the cell whose fit this one decodes, or None for a cell that fits.
    """

    job: Job
    folder: CellFolder
    results: Results
    progress: Progress
    corpus: Corpus
    items: tuple[Item, ...]
    pending: PendingWork
    base: Cell | None

    @classmethod
    def open(
        cls, job: Job, folder: CellFolder, results: Results, progress: Progress, *, weights_needed: bool = False
    ) -> Task:
        """Open the corpus of a job and read what its cell's folder holds.

        Args:
            job: what to do.
            folder: of the cell.
            results: the results folder that the cell belongs to.
            progress: takes stage, done and total.
            weights_needed: whether another cell is about to decode the weights that this one keeps.

        Raises:
            DataError: the corpus is no longer what the cell was planned for, or a clip is in no manifest.
        """
        corpus = open_corpus(job)
        items = items_of(job, corpus)
        pending = PendingWork(
            folder, job.cell.model.name, [item.id for item in items], job.metrics, weights_needed=weights_needed
        )
        return cls(job, folder, results, progress, corpus, tuple(items), pending, base_of(job.cell))

    def base_task(self) -> Task:
        """Return the task on the base that has to be done before this cell can decode it: fits and no scores."""
        assert self.base is not None
        job = dataclasses.replace(self.job, cell=self.base, metrics=())
        return Task.open(job, self.results.cell(self.base), self.results, self.progress, weights_needed=True)

    @property
    def rebuilt(self) -> int:
        """Number of wanted clips that are rebuilt."""
        return sum(item.id in self.pending.rows for item in self.items)

    def pending_items(self, items: Iterable[Item]) -> list[Item]:
        """Return those of some items that have to be rebuilt."""
        wanted = list(items)
        pending = set(self.pending.rebuilds(item.id for item in wanted))
        return [item for item in wanted if item.id in pending]

    @property
    def protocol(self) -> dict[str, Any]:
        """The protocol switches that the model reads."""
        return dict(self.job.cell.protocol.settings)


def open_corpus(job: Job) -> Corpus:
    """Open the corpus of a job.

    Raises:
        DataError: the corpus is no longer the one that the cell's key hashes.
    """
    part = job.cell.corpus
    corpus: Corpus = registry.corpus(part.name).load()(job.source)
    if (present := fingerprint(corpus)) != part["fingerprint"]:
        raise DataError(
            f"corpus {part.name!r} has fingerprint {present[:12]} and this cell was planned for "
            f"{part['fingerprint'][:12]}; plan the run again."
        )
    return corpus


def items_of(job: Job, corpus: Corpus) -> list[Item]:
    """Return the items of a job, in its order, whichever split they belong to.

    Raises:
        DataError: a clip is in no manifest.
    """
    manifests = [one for split in SPLITS if (one := manifest_or_none(corpus, split)) is not None]
    known = {item.id: item for manifest in manifests for item in manifest.items}
    if unknown := [clip for clip in job.clips if clip not in known]:
        raise DataError(f"corpus {corpus.name!r} has no clip {unknown[0]!r}; plan the run again.")
    return [known[clip] for clip in job.clips]
