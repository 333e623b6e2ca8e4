"""Measure how long a cell's work takes, by kind of work, for the estimates of later plans."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections import defaultdict
from typing import TYPE_CHECKING

from hsbench.planning import timings
from hsbench.planning.estimate import operations_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hsbench.corpora.base import Item
    from hsbench.execution.rebuilding import Rebuilder
    from hsbench.execution.task import Task


class Stopwatch:
    """Measures the work on one cell in this process.

    Args:
        task: the cell, before any work on it.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._rebuilt: list[str] = []
        self._scored: list[str] = []
        # Work that goes on from a checkpoint, or loads a network, says nothing of the time that all of it takes.
        places = (task.folder.kept, task.folder.scratch)
        begun = task.folder.fit() or any(any(place.glob("*")) for place in places)
        self._fresh = not begun and task.job.network is None

    @contextlib.contextmanager
    def rebuilding(self, items: Sequence[Item]) -> Iterator[None]:
        """Measure the rebuilding of some clips, with the training of the model if it has not been trained yet."""
        self._rebuilt += [item.id for item in items]
        with self._measured("rebuild"):
            yield

    @contextlib.contextmanager
    def scoring(self, items: Sequence[Item]) -> Iterator[None]:
        """Measure the scoring of some clips; clips that have some of their scores already are not counted."""
        metrics = len(self.task.pending.versions)
        whole = [item.id for item in items if len(self.task.pending.scores_of(item.id)) == metrics]
        if len(whole) < len(items):
            yield
            return
        self._scored += whole
        with self._measured("score"):
            yield

    @contextlib.contextmanager
    def _measured(self, kind: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._seconds[kind] += time.perf_counter() - start

    def keep(self, rebuilder: Rebuilder) -> None:
        """Add what was measured to the measurements of this machine.

        Args:
            rebuilder: the rebuilder of the cell, which measured the training.
        """
        job, measured = self.task.job, dict[str, dict[str, float]]()
        if self._rebuilt and self._fresh:
            cell, model = self._rebuilding(rebuilder.training_seconds)
            measured[timings.of_cell(job.cell, job.device)] = cell
            measured[timings.of_model(job.cell, job.device)] = model
        if self._scored and self.task.pending.versions:
            metrics, seconds = list(self.task.pending.versions), self._scoring()
            measured[timings.of_scores(metrics, job.device)] = seconds
            each = {"setup": seconds["setup"], "score": seconds["clip"] / len(metrics)}
            measured[timings.of_scores([], job.device)] = each
        if measured:
            timings.record(measured, job.threads)

    def _rebuilding(self, training: float) -> tuple[dict[str, float], dict[str, float]]:
        """Return seconds of training, of each clip and of the rest ("setup"), and the same per operation.

        Args:
            training: seconds of the training.
        """
        clip = statistics.mean(self.task.pending.rows[clip]["seconds"] for clip in self._rebuilt)
        total = self._seconds["rebuild"] - training
        clip = min(clip, total / len(self._rebuilt))  # a model's own count may include what was done side by side
        cell = {"training": training, "clip": clip, "setup": total - clip * len(self._rebuilt)}
        model = dict(cell)
        if self.task.base is None and (operations := operations_of(self.task.job.cell)) is not None:
            shared, per_clip, *_ = operations
            model |= {"training_per_operation": training / shared} if shared else {}
            model |= {"clip_per_operation": clip / per_clip} if per_clip else {}
        return cell, model

    def _scoring(self) -> dict[str, float]:
        """Return the seconds of scoring a clip, and those that scoring takes besides ("setup")."""
        clips = set(self._scored)
        of_clip: defaultdict[str, float] = defaultdict(float)
        for (name, _, _), row in self.task.folder.scores().items():
            if name in clips:
                of_clip[name] += row["seconds"]
        # The first clip pays for the loading of networks; the median does not see it.
        count, total = len(self._scored), self._seconds["score"]
        clip = min(statistics.median(of_clip.values()), total / count) if of_clip else total / count
        return {"clip": clip, "setup": total - clip * count}
