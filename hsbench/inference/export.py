"""Writing what a cell learned into one file, which can be used on any machine."""

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
    """Write what a cell learned into one file (safetensors), and return the cell.

    Args:
        folder: of the cell.
        output: file to write.

    Raises:
        DataError: its training is not finished, or it learned nothing that clips share.
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
    """Say why a cell without a kept network has none."""
    ready(folder, cell, Resources())  # says so where the training is not finished
    if any(folder.kept.glob("*")):
        raise DataError(
            f"{cell.model.name} keeps its training in another form than {NETWORK}; copy the files of {folder.kept}."
        )
    raise DataError(
        f"{cell.model.name} learns nothing that clips share, so {cell.folder} has nothing to export; what it stores of "
        f"each clip, its INR for one, is in {folder.all_weights}."
    )
