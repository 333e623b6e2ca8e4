"""Estimated duration of a cell's pending work.

The time per clip is the mean of the clips that the cell has already rebuilt; before the first one, it is the model's
count of floating-point operations divided by the speed of the device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench import registry

if TYPE_CHECKING:
    from hsbench.results.pending import PendingWork
    from hsbench.spec import Cell, Resources
    from hsbench.widths import Operations

SPEED = {"cpu": 4e10, "cuda": 1e13}
"""Floating-point operations per second of one CPU thread and of one GPU."""
START = 4.0
"""Seconds that a worker process takes to start."""
SCORE = 0.02
"""Seconds that one score takes: the mean over the metrics of the paper without CDPAM."""


def seconds(cell: Cell, pending: PendingWork, resources: Resources) -> float:
    """Return the estimated duration of a cell's pending work, in seconds.

    Args:
        cell: the cell, for its model, settings and training budget.
        pending: the clips and scores that are missing.
        resources: device and number of CPU threads.
    """
    if not pending:
        return 0.0
    training, per_clip = _from_operations(cell, resources)
    if past := [row["seconds"] for row in pending.rows.values()]:
        per_clip = sum(past) / len(past)
    trained = pending.folder.fit() and any(pending.folder.kept.glob("*"))
    return START + (0 if trained else training) + len(pending.rebuilds()) * per_clip + SCORE * pending.scores


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


def _from_operations(cell: Cell, resources: Resources) -> tuple[float, float]:
    """Return the seconds of the shared training and of each clip; zeros where the model declares no operation count."""
    if (operations := operations_of(cell)) is None:
        return 0.0, 0.0
    shared, per_clip, *_ = operations
    speed = SPEED["cuda"] if resources.device == "cuda" else SPEED["cpu"] * resources.threads
    return shared / speed, per_clip / speed
