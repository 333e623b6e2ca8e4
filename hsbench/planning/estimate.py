"""Estimated duration of a cell's pending work.

The times come from the latest runs on this machine (hsbench.planning.timings): from cells that did the same work or,
failing that, from cells of the same model, in proportion to the model's count of floating-point operations. Where this
machine has measured nothing, the operations are divided by a speed: on a GPU that of steps measured on another card
(hsbench.planning.projection), else one that is typical of the device.
"""

from __future__ import annotations

import dataclasses
import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.planning import projection, timings
from hsbench.planning.timings import Timings
from hsbench.results.base_cell import base_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hsbench.results.pending import PendingWork
    from hsbench.spec import Cell, Resources
    from hsbench.widths import Operations

SPEED = {"cpu": 4e10, "cuda": 1e13}
"""Floating-point operations per second of one CPU thread and of one GPU."""
FIRST, START = 4.0, 0.5
"""Seconds until the first cell of a run has started, and until each of the others has."""
SCORE = 0.02
"""Seconds that one score takes: the mean over the metrics of the paper without CDPAM."""


@dataclass(frozen=True)
class Effort:
    """Estimated times of one cell [s].

    Attributes:
        training: the training that all clips share.
        setup: what rebuilding takes besides, whatever the number of clips.
        clip: rebuilding one clip.
    """

    training: float = 0.0
    setup: float = 0.0
    clip: float = 0.0


class Estimator:
    """Estimates durations from what this machine measured, as far as it did.

    Args:
        resources: device and number of CPU threads of each cell.

    Attributes:
        projected: whether an estimate rests on steps that were measured on another GPU.
    """

    def __init__(self, resources: Resources) -> None:
        self.resources, self._timings, self.projected = resources, Timings(), False

    def seconds(self, cell: Cell, pending: PendingWork, *, adopted: bool = False) -> float:
        """Return the estimated duration of a cell's pending work [s], without that of its base.

        Args:
            cell: the cell, for its model, settings and training budget.
            pending: the clips and scores that are missing.
            adopted: whether a trained network is adopted in place of the training.
        """
        if not pending:
            return 0.0
        return self._starts()[1] + self.rebuilding(cell, pending, adopted=adopted) + self._scoring(pending)

    def first_start(self) -> float:
        """Return the estimated time by which the first cell of a run starts later than another one would [s]."""
        first, start = self._starts()
        return max(0.0, first - start)

    def _starts(self) -> tuple[float, float]:
        """Return the seconds until the first cell of a run has started, and until each of the others has."""
        measured = self._get(timings.of_start(self.resources.device))
        return measured.get("first", FIRST), measured.get("start", START)

    def rebuilding(self, cell: Cell, pending: PendingWork, *, adopted: bool = False) -> float:
        """Return the estimated duration of training a cell and rebuilding its missing clips [s]."""
        if not (clips := len(pending.rebuilds())):
            return 0.0
        effort = self._effort(cell, pending)
        trained = adopted or (pending.folder.fit() and any(pending.folder.kept.glob("*")))
        return (0.0 if trained else effort.training) + effort.setup + clips * effort.clip

    def _effort(self, cell: Cell, pending: PendingWork) -> Effort:
        """Return the times of a cell: measured for equal cells or, failing that, for its clips or for its model."""
        if measured := self._get(timings.of_cell(cell, self.resources.device)):
            return Effort(*(measured.get(name, 0.0) for name in ("training", "setup", "clip")))
        effort = self._from_model(cell)
        if past := [row["seconds"] for row in pending.rows.values()]:
            effort = dataclasses.replace(effort, clip=sum(past) / len(past))
        return effort

    def _from_model(self, cell: Cell) -> Effort:
        """Return the times that follow from other cells of the same model and from the operations of this one.

        A cell that only decodes the parameters of its base has no operations of its own.
        """
        measured = self._get(timings.of_model(cell, self.resources.device))
        setup, clip = measured.get("setup", 0.0), measured.get("clip", 0.0)
        if base_of(cell) is not None or (operations := operations_of(cell)) is None:
            return Effort(0.0, setup, clip)
        shared, per_clip, *_ = operations

        def seconds(count: float, name: str) -> float:
            return count * measured[name] if name in measured else count / self._speed(cell) if count else 0.0

        return Effort(seconds(shared, "training_per_operation"), setup, seconds(per_clip, "clip_per_operation"))

    def _scoring(self, pending: PendingWork) -> float:
        if not pending.scores:
            return 0.0
        measured = self._get(timings.of_scores(list(pending.versions), self.resources.device))
        if not measured:
            others = self._get(timings.of_scores([], self.resources.device))
            return others.get("setup", 0.0) + others.get("score", SCORE) * pending.scores
        return measured.get("setup", 0.0) + measured.get("clip", 0.0) * pending.scores / len(pending.versions)

    def _get(self, key: str) -> dict[str, float]:
        return self._timings.get(key, self.resources.threads)

    def _speed(self, cell: Cell) -> float:
        """Return the floating-point operations per second of a cell, where this machine has measured nothing."""
        if self.resources.device == "cpu":
            return SPEED["cpu"] * self.resources.threads
        precision = dict(cell.budget.settings).get("precision", "fp32")
        if self.resources.eager or (projected := projection.speed(cell.model.name, precision)) is None:
            return SPEED["cuda"]
        self.projected = True
        return projected


def makespan(durations: Iterable[float], jobs: int) -> float:
    """Return how long cells take together [s]: each starts, in this order, as soon as one of the places is free.

    Args:
        durations: duration of each cell [s].
        jobs: number of places, that is, of cells that are computed at the same time.
    """
    ends = [0.0] * jobs
    for duration in durations:
        heapq.heapreplace(ends, ends[0] + duration)
    return max(ends)


def operations_of(cell: Cell) -> Operations | None:
    """Return the operations of a cell; None where its model declares no count.

    Raises:
        UnknownNameError: no model of that name is registered.
        UsageError: the function of a plug-in that counts raised an exception.
    """
    descriptor = registry.model(cell.model.name)
    if descriptor.operations is None:
        return None
    count = registry.call(descriptor, registry.load_target, descriptor.operations)
    settings = descriptor.model_settings(dict(cell.model.settings))
    training = descriptor.training_settings(dict(cell.budget.settings), cell.budget.name)
    operations: Operations = registry.call(descriptor, count, settings, training, cell.corpus["samples"])
    return operations
