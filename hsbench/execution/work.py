"""The work of one cell: rebuild the missing clips group by group, score what lacks a score, keep all as it comes.

The order of writing is the promise: audio and weights first, then the rows of the group in one write, then the scores
of each clip. A clip counts as rebuilt only when its row stands, so a crash at any point repeats at most the group in
flight (and that from its checkpoint).
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench import registry
from hsbench.audio.io import read_mono, write_wav
from hsbench.corpora.base import SPLITS, Clips, fingerprint, manifest_or_none
from hsbench.errors import BackendMissingError, DataError
from hsbench.execution import rates, team
from hsbench.files import replace_atomically
from hsbench.metrics.base import Score, info, split_rate
from hsbench.metrics.suite import Scorer
from hsbench.models.base import Context, FunctionOfTime, rebuild
from hsbench.results import base_cell, provenance, references
from hsbench.results.store import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from hsbench.corpora.base import Corpus, Item
    from hsbench.metrics.suite import Pair
    from hsbench.models.base import Model, Reconstruction
    from hsbench.planning.job import Job
    from hsbench.results.store import CellFolder, Results


WORTH_A_POOL = 64
"""So many scores by metrics that hold the interpreter's lock, some 20 ms each, pay for starting a pool."""


class CellWork:
    """One job on one cell's folder, which the caller holds locked.

    Args:
        job: what to do.
        folder: of its cell.
        results: that the folder is part of.
        progress: takes stage, done and total.
        played: whether another cell is about to play what this one fitted, and so needs the parameters that it keeps.
    """

    def __init__(
        self,
        job: Job,
        folder: CellFolder,
        results: Results,
        progress: Callable[[str, float, int], None],
        *,
        played: bool = False,
    ) -> None:
        self.job, self.folder, self.results, self.progress = job, folder, results, progress
        self.corpus = corpus_of(job)
        self._fingerprint, self._rate = job.cell.corpus["fingerprint"], job.cell.corpus["sample_rate"]
        self.items = items_of(job, self.corpus)
        self.metrics = {name: info(name).version for name in job.metrics}
        self.rows = folder.reconstructions()
        self.scored = folder.scored()
        self.unavailable: dict[str, str] = {}
        self._built = sum(item.id in self.rows for item in self.items)
        self._base = base_cell.base_of(job.cell)
        self._played = played
        self._model: Model | None = None
        self._scorers: dict[int | None, Scorer] = {}

    def recorded(self) -> None:
        """Do what is missing, with the specification and the provenance beside it."""
        job = self.job
        self.folder.write_spec(job.cell)
        began = time.perf_counter()
        session = {"started": now(), **provenance.session(job.device, job.threads), "seed": job.cell.seed}
        session |= {"command": list(job.command), "fingerprint": job.cell.corpus["fingerprint"]}
        self.folder.add_provenance(session)
        self.run()
        policy = dict(job.cell.budget.settings).get("precision", "fp32")
        if seen := provenance.torch_facts(job.device, policy):
            self.folder.amend_provenance({**seen, "seconds": round(time.perf_counter() - began, 2)})

    def run(self) -> None:
        """Do what is missing."""
        references.add(self.results, self.corpus, self._fingerprint, self.items)
        with contextlib.ExitStack() as self._open:
            self._work()

    def require_backends(self) -> None:
        """Say what could not be scored for lack of a package, once all the rest is kept.

        Raises:
            BackendMissingError: a metric was unavailable.
        """
        if self.unavailable:
            reasons = "; ".join(f"{name}: {detail}" for name, detail in self.unavailable.items())
            raise BackendMissingError(f"everything else is scored, but {reasons}")

    def _work(self) -> None:
        descriptor = registry.get("models", self.job.cell.model.name)
        lacking = any(self._unbuilt(self.items))
        if lacking and self._base is not None:
            self._fit_base()
        size = int(getattr(descriptor.load(), "group", 1)) if lacking else len(self.items)
        for start in range(0, len(self.items), max(1, size)):
            group = self.items[start : start + size]
            unbuilt = list(self._unbuilt(group))
            if unbuilt:
                self._rebuild(unbuilt)
            self._score(group)

    def _unbuilt(self, items: Iterable[Item]) -> Iterable[Item]:
        """Items without a row, or whose audio or weights are gone while a metric still needs them."""
        for item in items:
            if item.id not in self.rows or self._lost(item):
                yield item

    def _lost(self, item: Item) -> bool:
        lacking = self._unscored(item)
        if lacking and not self.folder.audio(item.id).exists():
            return True
        if not self._played and not any(split_rate(name)[1] for name in lacking):
            return False
        plays = hasattr(registry.get("models", self.job.cell.model.name).load(), "play")
        return plays and not self.folder.weights(item.id).exists()

    def _unscored(self, item: Item) -> list[str]:
        return [name for name, version in self.metrics.items() if (item.id, name, version) not in self.scored]

    def _finished(self) -> int:
        return self._built

    def _model_and_context(self) -> tuple[Model, Context]:
        cell = self.job.cell
        context = Context(
            seed=cell.seed,
            sample_rate=self._rate,
            samples=cell.corpus["samples"],
            switches=dict(cell.protocol.settings),
            training=dict(cell.budget.settings),
            device=self.job.device,
            threads=self.job.threads,
            scratch=self.folder.scratch,
            kept=base_cell.kept(self.folder, cell),
            record=self.folder.append_curve if team.first() else _discard,
            progress=lambda done, total: self.progress("train", done, int(total)),
            fitted=None if self._base is None else base_cell.fitted(self.results.cell(self._base)),
        )
        if self._model is None:
            settings = {**dict(cell.model.settings), **dict(self.job.places)}
            self._model = registry.get("models", cell.model.name).load()(**settings)
            # What a base has fitted is loaded by the first process alone: the others helped the base and are gone.
            trains = self._base is None and any(self._unbuilt(self.items))
            with team.joined(self.job.device) if trains else contextlib.nullcontext():
                facts = self._model.fit(Clips.of(self.corpus, "train"), context)
            if facts is not None and team.first():
                self.folder.write_fit(facts)
        return self._model, context

    def assist(self) -> None:
        """Of several processes, do the part of those that only train."""
        if any(self._unbuilt(self.items)):
            if self._base is None:
                self._model_and_context()
            else:
                self._on_base().assist()

    def _on_base(self) -> CellWork:
        """The work that has to be done on the base before its clips can be played: to fit them, and no scores."""
        assert self._base is not None
        job = dataclasses.replace(self.job, cell=self._base, metrics=())
        return CellWork(job, self.results.cell(self._base), self.results, self.progress, played=True)

    def _fit_base(self) -> None:
        """Wait for whoever works on the base, and do what is missing there."""
        assert self._base is not None
        folder = self.results.cell(self._base)
        with folder.locked(patience=math.inf):
            work = self._on_base()
            if any(work._unbuilt(work.items)):
                work.recorded()
                folder.set_status("done")
            self._model_and_context()  # which trains, where the network that the base once had is gone

    def _rebuild(self, items: Sequence[Item]) -> None:
        model, context = self._model_and_context()
        before, total = self._finished(), len(self.items)
        context = dataclasses.replace(
            context,
            progress=lambda done, of: self.progress("fit", before + len(items) * done / max(of, 1), total),
        )
        clips = [self.corpus.load(item) for item in items]
        made = rebuild(model, clips, context)
        for item in items:
            self._keep(made[item.id])
        self.folder.append_reconstructions([_row(made[item.id]) for item in items])
        self._built += sum(item.id not in self.rows for item in items)
        self.rows |= {item.id: _row(made[item.id]) for item in items}
        self.folder.clear_scratch()

    def _keep(self, made: Reconstruction) -> None:
        """Audio and weights of one clip."""
        write_wav(self.folder.audio(made.clip_id), made.waveform, self._rate)
        if made.weights is not None:
            from safetensors.numpy import save

            tensors = {name: np.ascontiguousarray(value) for name, value in made.weights.items()}
            replace_atomically(self.folder.weights(made.clip_id), save(tensors))

    def _workers(self) -> int:
        """Processes for metrics that hold the interpreter's lock; none where starting them costs more than it saves."""
        held = [name for name in self.metrics if info(name).in_pool]
        tasks = sum(name in held for item in self.items for name in self._unscored(item))
        return self.job.threads if tasks >= WORTH_A_POOL else 0

    def _score(self, group: Sequence[Item]) -> None:
        """Score what lacks a score; a bad fit is its status where the protocol says so."""
        strict = dict(self.job.cell.protocol.settings).get("bad_fit_is_status")
        good = []
        for item in group:
            status = self.rows[item.id]["status"]
            if strict and status != "ok":
                self._keep_scores(item.id, {name: Score(None, status) for name in self._unscored(item)})
            else:
                good.append(item)
        for rate, names in rates.grouped(self.metrics).items():
            wanted = [(item, [n for n in self._unscored(item) if n in names]) for item in good]
            wanted = [(item, lacking) for item, lacking in wanted if lacking]
            pairs = self._pairs(wanted) if rate is None else self._pairs_at(wanted, rate)
            for clip_id, scores in self._scorer(rate).score(pairs):
                self._keep_scores(clip_id, {rates.named(name, rate): one for name, one in scores.items()})

    def _scorer(self, rate: int | None) -> Scorer:
        """The scorer of a rate, which lives as long as this work; None is the corpus's own."""
        if rate not in self._scorers:
            made = Scorer(rate or self._rate, self.job.device, self._workers())
            self._scorers[rate] = self._open.enter_context(made)
        return self._scorers[rate]

    def _pairs(self, wanted: Iterable[tuple[Item, list[str]]]) -> Iterator[Pair]:
        for item, names in wanted:
            yield item.id, self.corpus.load(item).waveform, read_mono(self.folder.audio(item.id))[0], names

    def _pairs_at(self, wanted: Iterable[tuple[Item, list[str]]], rate: int) -> Iterator[Pair]:
        """Source and INR at another rate; where there is no such pair, the reason is the score."""
        model, context = self._model_and_context()
        for item, names in wanted:
            at = rates.truth(self.corpus, item, rate)
            if at is None or not isinstance(model, FunctionOfTime):
                status = rates.NO_TRUTH if at is None else rates.NO_TIME
                self._keep_scores(item.id, {name: Score(None, status) for name in names})
            else:
                estimate = rates.played(model, self.folder.weights(item.id), at, context)
                yield item.id, at.waveform, estimate, [split_rate(name)[0] for name in names]

    def _keep_scores(self, clip_id: str, scores: Mapping[str, Score]) -> None:
        self.folder.append_scores(self._score_row(clip_id, name, one) for name, one in scores.items())
        self.scored |= {(clip_id, name, self.metrics[name]) for name in scores}
        self.unavailable |= {name: one.detail for name, one in scores.items() if one.status == "unavailable"}
        self.progress("score", self._finished(), len(self.items))

    def _score_row(self, clip_id: str, name: str, one: Score) -> dict[str, Any]:
        row = {
            "clip": clip_id,
            "metric": name,
            "version": self.metrics[name],
            "value": one.value,
            "status": one.status,
            "seconds": round(one.seconds, 4),
        }
        return row | ({"detail": one.detail} if one.detail else {})


def _discard(_row: Mapping[str, Any]) -> None:
    """A learning curve is the first process's to keep."""


def corpus_of(job: Job) -> Corpus:
    """The corpus of a job.

    Raises:
        DataError: the corpus is no longer the one that the cell's key hashes.
    """
    part = job.cell.corpus
    corpus: Corpus = registry.get("corpora", part.name).load()(job.source)
    if (found := fingerprint(corpus)) != part["fingerprint"]:
        raise DataError(
            f"corpus {part.name!r} has fingerprint {found[:12]} and this cell was planned for "
            f"{part['fingerprint'][:12]}; plan the run again."
        )
    return corpus


def items_of(job: Job, corpus: Corpus) -> list[Item]:
    """The items of a job, in its order, whichever split they belong to.

    Raises:
        DataError: a clip is in no manifest.
    """
    manifests = [one for split in SPLITS if (one := manifest_or_none(corpus, split)) is not None]
    known = {item.id: item for manifest in manifests for item in manifest.items}
    if unknown := [clip for clip in job.clips if clip not in known]:
        raise DataError(f"corpus {corpus.name!r} has no clip {unknown[0]!r}; plan the run again.")
    return [known[clip] for clip in job.clips]


def _row(made: Reconstruction) -> dict[str, Any]:
    waveform: NDArray[np.float32] = made.waveform
    return {
        **made.facts,
        "clip": made.clip_id,
        "status": made.status,
        "numbers": made.payload.numbers,
        "bits": made.payload.bits,
        "steps": made.steps,
        "seconds": round(made.seconds, 4),
        "clipped": float(np.mean(np.abs(waveform) > 1)),
    }
