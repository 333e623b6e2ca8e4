"""Write the trained network of a cell into one file, which can be used on any machine."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NoReturn

from hsbench.errors import DataError
from hsbench.files import canonical_json
from hsbench.inference.describing import card_of
from hsbench.inference.ready import ready
from hsbench.models.base import NETWORK
from hsbench.networks import card, tensors
from hsbench.networks.card import SUFFIX, NetworkFile, name_of
from hsbench.results import base_cell
from hsbench.results.base_cell import base_of
from hsbench.results.store import Results
from hsbench.spec import Resources
from hsbench.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from hsbench.networks.card import Card
    from hsbench.results.cell_folder import CellFolder
    from hsbench.spec import Cell


def export(folder: CellFolder, output: Path, licence: str = "") -> NetworkFile:
    """Write the trained network of a cell into one file (safetensors) with its card, and return what was written.

    Args:
        folder: folder of the cell.
        output: path of the file to write; of a folder, the file in it that has the name of the network.
        licence: licence of the network, for the card.

    Raises:
        DataError: the training of the cell is not finished, or the model has no network that its clips share.
    """
    from hsbench.fit import checkpoint

    cell = folder.spec()
    network = checkpoint.read(base_cell.kept(folder, cell) / NETWORK)
    if network is None:
        _refuse(folder, cell)
    values, facts = network
    described = _card(folder, cell, licence)
    texts = {
        "hsbench": __version__,
        "cell": canonical_json(cell.document()),
        "card": canonical_json(described.document()),
    }
    path = output / f"{name_of(cell, described.sha256)}{SUFFIX}" if output.is_dir() else output
    checkpoint.write(path, values, facts, texts)
    return NetworkFile(path, cell, described)


def _card(folder: CellFolder, cell: Cell, licence: str) -> Card:
    """Return the card of a cell's network; a network that was exported before keeps the card that it has."""
    network = base_cell.kept(folder, cell) / NETWORK
    digest = tensors.digest(network)
    with contextlib.suppress(DataError):
        if (known := card.read(network).card).sha256 == digest:
            return known
    trained = base_of(cell)
    source = folder if trained is None else Results(folder.path.parent).cell(trained)
    return card_of(source, trained or cell, digest, licence)


def _refuse(folder: CellFolder, cell: Cell) -> NoReturn:
    """Raise a DataError that says why a cell has no trained network to export."""
    ready(folder, cell, Resources())  # raises its own error if the training is not finished
    if any(folder.kept.glob("*")):
        raise DataError(
            f"export expects a network in {NETWORK}, and {cell.model.name} keeps its training in another form; "
            f"copy the files of {folder.kept}."
        )
    raise DataError(
        f"export expects a model with a network that all clips share, and {cell.model.name} of {cell.folder} has none; "
        f"the parameters of each clip are in {folder.all_weights}."
    )
