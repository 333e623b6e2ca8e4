"""What a row costs per clip beside its storage: operations to encode a clip, seconds, and errors at patch borders.

Operations are derived from the specification of a cell, so they are the same on every machine. Seconds are measured:
they depend on the machine, its load and the number of threads.
"""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench import registry
from hsbench.analysis import progress
from hsbench.errors import HsbenchError
from hsbench.planning.estimate import operations_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hsbench.results.cell_folder import CellFolder
    from hsbench.spec import Cell

UNCOUNTABLE = (HsbenchError, KeyError, TypeError, ValueError, AttributeError, ArithmeticError)
"""Errors of a specification that lacks a setting or holds an impossible one, and of a model that is not installed."""

TARGET = 20.0
"""SI-SNR that `steps_to_20_db` asks for [dB]."""


@dataclass(frozen=True)
class Costs:
    """Costs of one row.

    Attributes:
        kbps: mean kilobits per second of sound of a clip's payload, the packets of a codec or a stream; None for a row
            that counts numbers and writes no bits.
        side_kbps: the part of it that is no entropy-coded whole number (scales, biases, first layer); None for a codec.
        shared_kbps: bits of the numbers that all clips share, as float32, divided by the duration of all clips that
            were encoded; 0 where nothing is shared, None for a row that writes no bits.
        operations: multiplications and additions of matrix products that encode one clip; None where the model does
            not count them.
        step_operations: those of one step of the fit of a clip; None where a clip is not encoded in steps of its own.
        steps_to_20_db: first recorded step at which the mean SI-SNR over clips reaches TARGET; None where none does.
        seconds: mean seconds to encode and decode one clip; None while no clip is reconstructed.
        border_error: mean error at the borders of patches, relative to the clip's own steps from sample to sample (see
            hsbench.models.patches.cutting); None for a model without patches.
    """

    kbps: float | None = None
    side_kbps: float | None = None
    shared_kbps: float | None = None
    operations: float | None = None
    step_operations: float | None = None
    steps_to_20_db: float | None = None
    seconds: float | None = None
    border_error: float | None = None


def costs(folders: Sequence[CellFolder], built: Sequence[Mapping[str, Any]], duration: float) -> Costs:
    """Return the costs of a row.

    Args:
        folders: folders of its cells, one per seed.
        built: facts of its reconstructions, as in reconstructions.jsonl.
        duration: duration of a clip [s]; 0 where it is unknown.
    """
    written = [facts for facts in built if "bits_coded" in facts or not facts.get("numbers")]
    bits = _mean(facts.get("bits") for facts in written)
    kbps = bits / duration / 1000 if bits and duration else None
    side = _mean(facts.get("bits_side") for facts in written)
    total = _mean(folder.fit().get("total") for folder in folders) if kbps else None
    operations, of_step, target_step = None, None, None
    for folder in folders[:1]:
        with contextlib.suppress(*UNCOUNTABLE):
            operations = encoding_operations(folder.spec())
            of_step = _of_step(folder.spec(), operations)
    if of_step is not None:
        target_step = progress.steps_to(TARGET, folders, {facts.get("clip", "") for facts in built})
    return Costs(
        kbps=kbps,
        side_kbps=side / duration / 1000 if side is not None and kbps else None,
        shared_kbps=None if kbps is None else 32 * (total or 0.0) * len(folders) / len(built) / duration / 1000,
        operations=operations,
        step_operations=of_step,
        steps_to_20_db=target_step,
        seconds=_mean(facts.get("seconds") for facts in built),
        border_error=_mean(facts.get("border_error") for facts in built),
    )


def _of_step(cell: Cell, operations: float | None) -> float | None:
    """Return the operations of one step of the fit of a clip; None for a cell whose clips are not fitted one by one."""
    if operations is None or registry.model(cell.model.name).approach != "individual fit":
        return None
    return operations / float(dict(cell.budget.settings)["steps"])


def encoding_operations(cell: Cell) -> float | None:
    """Return the operations that encode one clip of a cell; None where its model does not count them.

    Raises:
        UnknownNameError: no model of that name is registered.
        UsageError: the model cannot count the operations of these settings.
    """
    if registry.model(cell.model.name).version != cell.model.version:
        return None
    encode = getattr(operations_of(cell), "encode", None)
    return None if encode is None else float(encode)


def _mean(values: Iterable[Any]) -> float | None:
    """Return the mean of the finite numbers among some values; None if there is none."""
    numbers = [value for value in values if isinstance(value, int | float) and math.isfinite(value)]
    return sum(numbers) / len(numbers) if numbers else None
