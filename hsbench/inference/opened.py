"""Open a trained cell: a folder of the results, or a file that `hsbench export` wrote.

An exported file holds the tensors of the network and, as text metadata, `hsbench` (the version that wrote it), `cell`
(the specification of the cell) and `numbers` (the facts of its training). It is opened as a temporary cell folder, so
that all other code has to deal with folders only. Nothing is written to a cell that is opened here.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hsbench.errors import UnknownNameError
from hsbench.models.base import NETWORK
from hsbench.models.exported import cell_in
from hsbench.networks.library import Library
from hsbench.results.cell_folder import CellFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hsbench.results.store import Results


@contextlib.contextmanager
def opened(text: str, results: Results) -> Iterator[CellFolder]:
    """Open the folder of a cell.

    Args:
        text: path of the cell's folder, its name below the results folder, the path of an exported file, or the
            beginning of the name of a network that this machine has (see hsbench.networks.library).
        results: results folder in which names are looked up.

    Raises:
        UnknownNameError: there is no such cell.
        DataError: the file is damaged, or was not written by `hsbench export`.
    """
    path = Path(text)
    if not path.exists() and text not in results.cells() and (network := Library().named(text)) is not None:
        path = network
    if path.is_file():
        with tempfile.TemporaryDirectory(prefix="hsbench-") as temporary:
            folder = CellFolder(Path(temporary))
            _unpack(path, folder)
            yield folder
    elif path.is_dir():
        yield CellFolder(path)
    elif text in results.cells():
        yield results.folder(text)
    else:
        raise UnknownNameError(f"cell below {results.root}", text, results.cells(), see="hsbench reconstruct --help")


def _unpack(file: Path, folder: CellFolder) -> None:
    """Set up a cell folder with the specification and the network of an exported file.

    Raises:
        DataError: the file is damaged, or was not written by `hsbench export`.
    """
    folder.write_spec(cell_in(file))
    folder.kept.mkdir(parents=True)
    (folder.kept / NETWORK).symlink_to(file.resolve())
