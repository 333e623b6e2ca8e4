"""The base of a cell: the cell that fitted the parameters which this cell only decodes in another way.

A model names the settings that affect decoding alone (`ModelDescriptor.decode_settings`), such as the number format of
its weights. A cell in which all of them have their default values fits. Every other cell is based on that one and
decodes the parameters that it fitted. The two cells have separate folders, audio and scores.

Why another decode setting does not need another fit: write the settings of a cell as s = (f, d), where d are the decode
settings and f are all the others. Then

    theta = fit(f, corpus, budget, protocol, seed)        the fit never reads d
    estimate = decode(theta, f, d)                        (and the clip, for an autoencoder) decoding only reads theta

so theta is the same array for every d, bit for bit: the random numbers of a fit are derived from the seed, the clip (or
training step) and their purpose (`Context.key`), never from d. The cell key hashes s whole, so each d has a key and a
folder of its own, and `base_of` maps every (f, d) to the one cell (f, default d) whose folder holds theta.

A setting that the fit does read, such as a number of bits that training takes into account, must not be listed in
`decode_settings`: the equation above would not hold for it.
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
    """Return the folder with the trained network of a cell: the cell's own, or that of its base.

    Args:
        folder: folder of the cell.
        cell: specification of the cell.
    """
    base = base_of(cell)
    if base is None or folder.kept.exists():
        return folder.kept
    return Results(folder.path.parent).cell(base).kept


def fitted(folder: CellFolder) -> Fitted:
    """Return a function that loads the parameters which a cell fitted to a clip: clip identifier -> name -> array.

    Args:
        folder: folder of the cell that fitted the parameters.
    """
    from safetensors.numpy import load_file

    return lambda clip_id: load_file(folder.weights(clip_id))
