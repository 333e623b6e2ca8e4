"""From a cell to a model that can work: the model built from its settings, and the context that it works in.

Every place that uses a model (the worker, reconstruct, export) gets both from here, so that none of them can forget
to fill in the settings that a cell's key leaves out at their neutral value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench import registry
from hsbench.errors import DataError
from hsbench.models.base import Context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from hsbench.descriptors import ModelDescriptor
    from hsbench.models.base import Model
    from hsbench.spec import Cell


def descriptor_of(cell: Cell) -> ModelDescriptor:
    """Return the registered model of a cell.

    Raises:
        UnknownNameError: there is none of that name.
        DataError: it has another version than the cell.
    """
    descriptor = registry.model(cell.model.name)
    if descriptor.version != cell.model.version:
        raise DataError(
            f"{cell.folder} was made by version {cell.model.version} of {cell.model.name}, and this hsbench has "
            f"version {descriptor.version}; use the hsbench that made it, or run it anew."
        )
    return descriptor


def clip_format(cell: Cell) -> tuple[int, int]:
    """Return the sample rate [Hz] and the number of samples of a cell's clips.

    Raises:
        DataError: the cell does not say.
    """
    stated = dict(cell.corpus.settings)
    rate, samples = stated.get("sample_rate"), stated.get("samples")
    if not isinstance(rate, int) or not isinstance(samples, int) or min(rate, samples) < 1:
        raise DataError(
            f"{cell.folder} should say sample_rate and samples of its clips, got {rate!r} and {samples!r}; "
            "it was not written by hsbench."
        )
    return rate, samples


def build_model(cell: Cell, places: Mapping[str, Any]) -> Model:
    """Build the model of a cell, untrained.

    Args:
        cell: whose settings it gets.
        places: where the model finds what it reads; these settings are no part of a cell.

    Raises:
        DataError: it does not take the cell's settings.
    """
    descriptor = registry.model(cell.model.name)
    settings = {**descriptor.model_settings(dict(cell.model.settings)), **places}
    kind = descriptor.load()
    try:
        model: Model = kind(**settings)
    except TypeError as error:
        raise DataError(
            f"{cell.model.name} does not take the settings of {cell.folder} ({error}); it was not written by hsbench."
        ) from error
    return model


def context_of(
    cell: Cell,
    *,
    device: str,
    threads: int,
    scratch: Path,
    kept: Path,
    record: Callable[[Mapping[str, Any]], None] | None = None,
    progress: Callable[[float, float], None] | None = None,
    fitted: Callable[[str], Mapping[str, NDArray[np.float32]]] | None = None,
) -> Context:
    """Return the context in which the model of a cell works.

    Args:
        cell: states seed, clip format, protocol switches and training.
        device: "cpu" or "cuda".
        threads: number of CPU threads.
        scratch: folder for checkpoints of the group in flight.
        kept: folder of what the training learned.
        record: takes a row of the learning curve; by default nothing is recorded.
        progress: takes (done, total); by default nobody is told.
        fitted: clip id -> weights that the base cell fitted, for a cell that only decodes them.

    Raises:
        DataError: the cell does not state the format of its clips.
    """
    rate, samples = clip_format(cell)
    descriptor = registry.model(cell.model.name)
    return Context(
        seed=cell.seed,
        sample_rate=rate,
        samples=samples,
        switches=dict(cell.protocol.settings),
        training=descriptor.training_settings(dict(cell.budget.settings), cell.budget.name),
        device=device,
        threads=threads,
        scratch=scratch,
        kept=kept,
        record=record or _ignore_row,
        progress=progress or _ignore_progress,
        fitted=fitted,
    )


def _ignore_row(_row: Mapping[str, Any]) -> None:
    """Record nothing."""


def _ignore_progress(_done: float, _total: float) -> None:
    """Tell nobody."""
