"""Build the model of a cell and the context in which it works.

The worker, `hsbench reconstruct` and `hsbench export` all build models here. A cell's key leaves out the settings that
have their neutral value; building in one place makes sure that these settings are always filled in again.
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
    """Return the descriptor of the registered model of a cell.

    Raises:
        UnknownNameError: no model of that name is registered.
        DataError: the registered model has another version than the cell.
    """
    descriptor = registry.model(cell.model.name)
    if descriptor.version != cell.model.version:
        raise DataError(
            f"{cell.folder} was computed by version {cell.model.version} of {cell.model.name}, and this hsbench has "
            f"version {descriptor.version}; use the hsbench release that computed it, or run the experiment again."
        )
    return descriptor


def clip_format(cell: Cell) -> tuple[int, int]:
    """Return the sample rate [Hz] and the number of samples of a cell's clips.

    Raises:
        DataError: the cell's specification lacks a valid sample rate or number of samples.
    """
    settings = dict(cell.corpus.settings)
    rate, samples = settings.get("sample_rate"), settings.get("samples")
    if not isinstance(rate, int) or not isinstance(samples, int) or min(rate, samples) < 1:
        raise DataError(
            f"{cell.folder} should say sample_rate and samples of its clips, got {rate!r} and {samples!r}; "
            "it was not written by hsbench."
        )
    return rate, samples


def build_model(cell: Cell, places: Mapping[str, Any]) -> Model:
    """Build the model of a cell; the model is not trained yet.

    Args:
        cell: the cell, which states the settings of its model.
        places: settings that hold paths, such as {"path": "DIR"}. They are not part of a cell, since its key does not
            depend on where files lie.

    Raises:
        DataError: the model does not accept the cell's settings.
    """
    descriptor = registry.model(cell.model.name)
    settings = {**descriptor.model_settings(dict(cell.model.settings)), **places}
    model_class = descriptor.load()
    try:
        model: Model = model_class(**settings)
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
    eager: bool = False,
    compiling: Callable[[int], None] | None = None,
) -> Context:
    """Return the context in which the model of a cell works.

    Args:
        cell: the cell, which states seed, clip format, protocol switches and training settings.
        device: "cpu" or "cuda".
        threads: number of CPU threads that the model may use.
        scratch: folder for checkpoints of the group that is being fitted.
        kept: folder of what `fit` learned.
        record: stores one row of the learning curve; by default rows are discarded.
        progress: reports progress as (done, total); by default progress is discarded.
        fitted: returns the weights that the base cell fitted for a clip, given the clip's identifier; only for a cell
            that decodes the weights of another cell.
        eager: whether a CUDA device runs networks without compiling them and without CUDA graphs.
        compiling: reports that the compilation of a network begins (0) and has ended (1); discarded by default.

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
        eager=eager,
        compiling=compiling,
    )


def _ignore_row(_row: Mapping[str, Any]) -> None:
    """Discard a row of the learning curve."""


def _ignore_progress(_done: float, _total: float) -> None:
    """Discard a report of progress."""
