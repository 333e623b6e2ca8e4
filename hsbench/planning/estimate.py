"""How long a cell may take: from its own past where it has one, else from a count of operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench import registry

if TYPE_CHECKING:
    from hsbench.results.pending import PendingWork
    from hsbench.spec import Cell, Resources

SPEED = {"cpu": 4e10, "cuda": 1e13}
"""Operations per second of one CPU thread and of one GPU."""
START = 4.0
"""Seconds that a worker process needs to start."""
SCORE = 0.02
"""Seconds that one score takes, the mean over the metrics of the paper but CDPAM."""


def seconds(cell: Cell, pending: PendingWork, resources: Resources) -> float:
    """Return the estimated seconds of a cell's pending work."""
    if not pending:
        return 0.0
    training, each = _from_operations(cell, resources)
    if past := [row["seconds"] for row in pending.rows.values()]:
        each = sum(past) / len(past)
    trained = pending.folder.fit() and any(pending.folder.kept.glob("*"))
    return START + (0 if trained else training) + len(pending.rebuilds()) * each + SCORE * pending.scores


def _from_operations(cell: Cell, resources: Resources) -> tuple[float, float]:
    """Seconds for what all clips share, and for each clip."""
    descriptor = registry.model(cell.model.name)
    if descriptor.operations is None:
        return 0.0, 0.0
    count = registry.load_target(descriptor.operations)
    settings = descriptor.model_settings(dict(cell.model.settings))
    training = descriptor.training_settings(dict(cell.budget.settings), cell.budget.name)
    shared, each = count(settings, training, cell.corpus["samples"])
    speed = SPEED["cuda"] if resources.device == "cuda" else SPEED["cpu"] * resources.threads
    return shared / speed, each / speed
