"""Score the rebuilt clips of a cell: compute every pending score, at the corpus's own sample rate and at others.

The scores of a clip are written as soon as they are computed. If the protocol sets `bad_fit_is_status`, a clip whose
fit diverged or collapsed gets that status in place of every score.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Self

from hsbench.audio.io import read_mono
from hsbench.errors import BackendMissingError
from hsbench.execution import rates
from hsbench.metrics.base import Score, info, split_rate
from hsbench.metrics.suite import Scorer
from hsbench.models.base import FunctionOfTime
from hsbench.results.pending import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hsbench.corpora.base import Item
    from hsbench.execution.rebuilding import Rebuilder
    from hsbench.execution.task import Task
    from hsbench.metrics.suite import Pair

WORTH_A_POOL = 192
"""Minimum number of scores for which a process pool saves time.

Counted are scores by metrics that hold the interpreter's lock, of which each takes 10 to 20 ms. The start of a pool
takes each core about two seconds, most of them for importing scipy (see speed/NOTES.md).
"""


class CellScorer:
    """Scores the rebuilt clips of one task; a context manager that owns the scorers and their processes.

    Args:
        task: the cell to work on.
        rebuilder: gives the trained model, for scores at other sample rates.
    """

    def __init__(self, task: Task, rebuilder: Rebuilder) -> None:
        self.task, self.rebuilder = task, rebuilder
        self.unavailable: dict[str, str] = {}
        self._scorers: dict[int | None, Scorer] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def score(self, items: Sequence[Item]) -> None:
        """Compute the pending scores of rebuilt clips, and write them.

        Args:
            items: manifest entries of the clips.
        """
        well_fitted = [item for item in items if not self._write_status_of_bad_fit(item)]
        for rate, names in rates.grouped(self.task.pending.versions).items():
            wanted = [
                (item, [name for name in self.task.pending.scores_of(item.id) if name in names]) for item in well_fitted
            ]
            wanted = [(item, pending) for item, pending in wanted if pending]
            if rate is None:
                for clip_id, scores in self._scorer(None).score(self._pairs(wanted)):
                    self._write(clip_id, scores)
            else:
                for item, pending in wanted:
                    self._write(item.id, self._scores_at(rate, item, pending))

    def require_backends(self) -> None:
        """Report the scores that could not be computed because a package is missing; call it after all other work.

        Raises:
            BackendMissingError: a metric was unavailable.
        """
        if self.unavailable:
            reasons = "; ".join(f"{name}: {detail}" for name, detail in self.unavailable.items())
            raise BackendMissingError(f"everything else is scored, but {reasons}")

    def _write_status_of_bad_fit(self, item: Item) -> bool:
        """Write the status of a failed fit in place of its scores, if the protocol asks for that.

        Returns:
            Whether this was done, so that the clip needs no scoring.
        """
        status = self.task.pending.rows[item.id]["status"]
        if status == "ok" or not self.task.protocol.get("bad_fit_is_status"):
            return False
        self._write(item.id, {name: Score(None, status) for name in self.task.pending.scores_of(item.id)})
        return True

    def _pairs(self, wanted: Sequence[tuple[Item, list[str]]]) -> Iterator[Pair]:
        """Yield (clip id, reference, estimate, metrics to compute) of each clip, at the corpus's own sample rate."""
        for item, names in wanted:
            reference, (estimate, _) = self.task.corpus.load(item).waveform, read_mono(self.task.folder.audio(item.id))
            yield item.id, reference, estimate, names

    def _scores_at(self, rate: int, item: Item, names: Sequence[str]) -> dict[str, Score]:
        """Compare the source of a clip at another sample rate with the clip's INR decoded at that rate.

        If there is no such source, or the model cannot be decoded there, the scores hold the reason as their status.

        Args:
            rate: sample rate in Hz.
            item: manifest entry of the clip.
            names: names of the metrics at that rate, such as "lsd@48000".
        """
        source, model = rates.source_at(self.task.corpus, item, rate), self.rebuilder.model()
        if source is None:
            return {name: Score(None, rates.NO_TRUTH) for name in names}
        if not isinstance(model, FunctionOfTime):
            return {name: Score(None, rates.NO_TIME) for name in names}
        estimate = rates.decoded_at(model, self.task.folder.weights(item.id), source, self.rebuilder.context())
        plain = [split_rate(name)[0] for name in names]
        ((_, scores),) = self._scorer(rate).score([(item.id, source.waveform, estimate, plain)])
        return {f"{name}@{rate}": score for name, score in scores.items()}

    def _scorer(self, rate: int | None) -> Scorer:
        """Return the scorer of a sample rate [Hz], kept until this object is closed; None is the corpus's own rate."""
        if rate not in self._scorers:
            job = self.task.job
            scorer = Scorer(rate or job.cell.corpus["sample_rate"], job.device, self._workers())
            self._scorers[rate] = self._stack.enter_context(scorer)
        return self._scorers[rate]

    def _workers(self) -> int:
        """Return the number of processes for metrics that hold the interpreter's lock; 0 if a pool would not pay."""
        pending = self.task.pending
        locked = {name for name in pending.versions if info(name).in_pool}
        scores = sum(name in locked for clip in pending.clips for name in pending.scores_of(clip))
        return self.task.job.threads if scores >= WORTH_A_POOL else 0

    def _write(self, clip_id: str, scores: Mapping[str, Score]) -> None:
        """Append the scores of one clip to scores.jsonl."""
        task = self.task
        task.folder.append_scores([self._row(clip_id, name, score) for name, score in scores.items()])
        task.pending.add_scores(clip_id, scores)
        self.unavailable |= {name: score.detail for name, score in scores.items() if score.status == UNAVAILABLE}
        task.progress("score", task.rebuilt, len(task.items))

    def _row(self, clip_id: str, name: str, score: Score) -> dict[str, Any]:
        """Return a row of scores.jsonl."""
        row = {
            "clip": clip_id,
            "metric": name,
            "version": self.task.pending.versions[name],
            "value": score.value,
            "status": score.status,
            "seconds": round(score.seconds, 4),
        }
        facts = {} if score.lag is None or score.gain is None else {"lag": score.lag, "gain": round(score.gain, 6)}
        return row | ({"detail": score.detail} if score.detail else {}) | facts
