"""Cells that play what another cell fitted: how a thing is played is no reason to fit it again.

A model names the settings that only say how it is played (`Descriptor.playing`). A cell in which they all have their
defaults fits; any other has it for a base, and plays what that fitted. Folder, audio and scores are its own.
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

    from hsbench.results.store import CellFolder
    from hsbench.spec import Cell

    Fitted = Callable[[str], Mapping[str, NDArray[np.float32]]]


def base_of(cell: Cell) -> Cell | None:
    """The cell that a cell plays; None for one that fits."""
    descriptor = registry.get("models", cell.model.name)
    plain = {key: descriptor.defaults[key] for key in descriptor.playing}
    settings = {**dict(cell.model.settings), **plain}
    if freeze(settings) == cell.model.settings:
        return None
    return dataclasses.replace(cell, model=dataclasses.replace(cell.model, settings=freeze(settings)))


def kept(folder: CellFolder, cell: Cell) -> Path:
    """The folder of what a cell's fit learned: its own, or its base's."""
    base = base_of(cell)
    if base is None or folder.kept.exists():
        return folder.kept
    return Results(folder.path.parent).cell(base).kept


def fitted(folder: CellFolder) -> Fitted:
    """Clip id -> the clip's parameters as that cell fitted them."""
    from safetensors.numpy import load_file

    return lambda clip_id: load_file(folder.weights(clip_id))
