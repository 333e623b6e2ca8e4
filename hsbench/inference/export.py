"""Write the trained network of a cell into one file, which can be used on any machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from hsbench.errors import DataError
from hsbench.files import canonical_json
from hsbench.inference.ready import ready
from hsbench.models.base import NETWORK
from hsbench.results import base_cell
from hsbench.spec import Resources
from hsbench.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from hsbench.results.cell_folder import CellFolder
    from hsbench.spec import Cell


def export(folder: CellFolder, output: Path) -> Cell:
    """Write the trained network of a cell into one file (safetensors), and return the specification of the cell.

    Args:
        folder: folder of the cell.
        output: path of the file to write.

    Raises:
        DataError: the training of the cell is not finished, or the model has no network that its clips share.
    """
    from hsbench.fit import checkpoint

    cell = folder.spec()
    network = checkpoint.read(base_cell.kept(folder, cell) / NETWORK)
    if network is None:
        _refuse(folder, cell)
    tensors, facts = network
    texts = {"hsbench": __version__, "cell": canonical_json(cell.document())}
    checkpoint.write(output, tensors, facts, texts)
    return cell


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
