"""A trained model made ready for use: built from its cell, with what its training learned, and never trained here."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench.errors import DataError
from hsbench.models.base import NETWORK
from hsbench.models.build import build_model, context_of, descriptor_of
from hsbench.planning.job import Job
from hsbench.results import base_cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hsbench.audio.clip import Clip
    from hsbench.audio.passages import Passages
    from hsbench.models.base import Context, Model, Training
    from hsbench.results.cell_folder import CellFolder
    from hsbench.spec import Cell, Resources


def ready(folder: CellFolder, cell: Cell, resources: Resources) -> tuple[Model, Context, dict[str, Any]]:
    """Return a cell's model with what it learned, a context for it, and the facts of its training.

    Args:
        folder: of the cell; the model has read what it needs of it when this returns.
        cell: its specification.
        resources: device and threads.

    Raises:
        DataError: the training is not finished, or the cell was made by another version of the model.
    """
    with tempfile.TemporaryDirectory(prefix="hsbench-") as scratch:
        context = context_of(
            cell,
            device=resources.device,
            threads=resources.threads,
            scratch=Path(scratch),
            kept=base_cell.kept(folder, cell),
        )
        model = build_model(cell, _places(folder, cell))
        facts = model.fit(_NoTraining(cell), context)
    return model, context, dict(facts or {})


def _places(folder: CellFolder, cell: Cell) -> dict[str, Any]:
    """Where the last job of a cell found what its model reads.

    Raises:
        DataError: the model reads something, and no job says where it lies; or the model has another version.
    """
    if not (wanted := descriptor_of(cell).places):
        return {}
    if not folder.job.exists():
        raise DataError(
            f"{cell.model.name} needs {', '.join(wanted)} and {cell.folder} does not say where; use --set in a run."
        )
    return dict(Job.read(folder.job).places)


class _NoTraining:
    """Placeholder for the training clips of a network that is already trained; asking it for a clip is refused."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell

    def _refusal(self) -> DataError:
        return DataError(
            f"expected a cell whose training is finished, and {self.cell.folder} has no whole {NETWORK}; finish it "
            "with hsbench run (--rerun all where it was cleaned away), or name another cell."
        )

    def __len__(self) -> int:
        raise self._refusal()

    def __getitem__(self, index: int) -> Clip:
        raise self._refusal()

    def __iter__(self) -> Iterator[Clip]:
        raise self._refusal()

    def first(self, count: int) -> Training:
        """Refuse."""
        del count
        raise self._refusal()

    def passages(self) -> Passages:
        """Refuse."""
        raise self._refusal()
