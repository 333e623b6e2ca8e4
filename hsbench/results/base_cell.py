"""The base of a cell: the cell that fitted what this one only decodes in another way.

A model names the settings that only say how a fitted thing is decoded (`ModelDescriptor.decode_settings`), such as the
number format of its weights. A cell in which all of them have their defaults fits; every other one is based on that
cell and decodes what it fitted. Folder, audio and scores of the two are separate.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.results.store import Results
from hsbench.spec import freeze

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from hsbench.results.cell_folder import CellFolder
    from hsbench.spec import Cell

    Fitted = Callable[[str], Mapping[str, NDArray[np.float32]]]


def base_of(cell: Cell) -> Cell | None:
    """Return the cell whose fit a cell decodes; None for a cell that fits."""
    descriptor = registry.model(cell.model.name)
    as_fitted = {key: descriptor.defaults[key] for key in descriptor.decode_settings}
    settings = freeze(descriptor.key_settings({**dict(cell.model.settings), **as_fitted}))
    if settings == cell.model.settings:
        return None
    return dataclasses.replace(cell, model=dataclasses.replace(cell.model, settings=settings))


def kept(folder: CellFolder, cell: Cell) -> Path:
    """Return the folder of what a cell's training learned: the cell's own, or its base's."""
    base = base_of(cell)
    if base is None or folder.kept.exists():
        return folder.kept
    return Results(folder.path.parent).cell(base).kept


def fitted(folder: CellFolder) -> Fitted:
    """Return a function from a clip's identifier to the clip's weights as the cell of that folder fitted them."""
    from safetensors.numpy import load_file

    return lambda clip_id: load_file(folder.weights(clip_id))
