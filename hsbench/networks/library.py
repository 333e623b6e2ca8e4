"""The networks that this machine has: in folders, found by the beginning of a name or by the cell that they belong to.

Folders, in this order: those of --networks, those of HSBENCH_NETWORKS (separated by colons), those of installed
packages (entry points of the group hsbench.networks, each of which loads a path), and the one that ships with hsbench.
Nothing is ever downloaded.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING

from hsbench.errors import DataError, UnknownNameError, UsageError
from hsbench.networks.card import NAME, SUFFIX, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.networks.card import NetworkFile
    from hsbench.spec import Cell

VARIABLE = "HSBENCH_NETWORKS"
GROUP = "hsbench.networks"
SHIPPED = Path(__file__).parent / "shipped"


class Library:
    """The networks of some folders.

    Args:
        folders: folders to look into before all others.

    Raises:
        UsageError: a folder does not exist.
    """

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        for folder in folders:
            if not folder.is_dir():
                raise UsageError(f"--networks expects a folder with networks, got {folder}.")
        self._folders = [*folders, *_of_environment(), *_of_packages(), SHIPPED]

    @functools.cached_property
    def files(self) -> dict[str, Path]:
        """Name of a network -> its file; of equal names, the first in the order of the folders."""
        found: dict[str, Path] = {}
        for folder in self._folders:
            for path in sorted(folder.glob(f"*{SUFFIX}")):
                if NAME.fullmatch(path.stem):
                    found.setdefault(path.stem, path)
        return found

    def named(self, text: str) -> Path | None:
        """Return the file of the network whose name begins with a text; None if there is none.

        Raises:
            UsageError: several names begin with the text.
        """
        names = [name for name in self.files if name == text or name.startswith(f"{text}-")]
        names = [text] if text in names else names
        if len(names) > 1:
            raise UsageError(f"the name of a network should be unique, and {text} begins {', '.join(sorted(names))}.")
        return self.files[names[0]] if names else None

    def need(self, text: str) -> Path:
        """Return the file of the network whose name begins with a text, or the file at that path.

        Raises:
            UnknownNameError: there is none.
            UsageError: several names begin with the text.
        """
        if Path(text).is_file():
            return Path(text)
        if (path := self.named(text)) is None:
            raise UnknownNameError("network", text, self.files, see="hsbench networks list")
        return path

    def of_cell(self, cell: Cell) -> NetworkFile | None:
        """Return the trained network of a cell: one whose specification has the same key; None if there is none.

        A file without a whole card is passed over; `hsbench networks list` names it.
        """
        return self._by_key.get(cell.key)

    @functools.cached_property
    def _by_key(self) -> dict[str, NetworkFile]:
        found: dict[str, NetworkFile] = {}
        for path in self.files.values():
            try:
                network = read(path)
            except DataError:
                continue
            found.setdefault(network.cell.key, network)
        return found


def _of_environment() -> list[Path]:
    return [Path(folder) for folder in os.environ.get(VARIABLE, "").split(os.pathsep) if folder]


def _of_packages() -> list[Path]:
    """Return the folders of installed packages.

    Raises:
        UsageError: a package gives no folder.
    """
    from importlib import metadata

    folders = []
    for point in metadata.entry_points(group=GROUP):
        try:
            folders.append(Path(point.load()))
        except Exception as error:
            raise UsageError(
                f"the plug-in {point.value!r} (group {GROUP}) should give a folder with networks ({error!r}); repair "
                "or uninstall it."
            ) from error
    return folders
