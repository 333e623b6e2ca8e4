"""Load the trained model of a cell for use: build the model and load its parameters, without ever training it."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench.errors import DataError
from hsbench.models.base import NETWORK
from hsbench.models.build import build_model, context_of, descriptor_of
from hsbench.models.no_training import NoTraining
from hsbench.planning.job import Job
from hsbench.results import base_cell

if TYPE_CHECKING:
    from hsbench.models.base import Context, Model
    from hsbench.results.cell_folder import CellFolder
    from hsbench.spec import Cell, Resources


def ready(folder: CellFolder, cell: Cell, resources: Resources) -> tuple[Model, Context, dict[str, Any]]:
    """Return the trained model of a cell, a context for it, and the facts of its training.

    Args:
        folder: folder of the cell; all files that the model needs have been read when the function returns.
        cell: specification of the cell.
        resources: device and number of threads.

    Raises:
        DataError: the training is not finished, or another version of the model made the cell.
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
        facts = model.fit(NoTraining(functools.partial(_refusal, cell)), context)
    return model, context, dict(facts or {})


def _places(folder: CellFolder, cell: Cell) -> dict[str, Any]:
    """Return the paths of the files that a cell's model reads, from the latest job of the cell.

    Raises:
        DataError: the model reads files and no job gives their paths, or the model has another version.
    """
    if not (settings := descriptor_of(cell).places):
        return {}
    if not folder.job.exists():
        raise DataError(
            f"{cell.model.name} needs {', '.join(settings)} and the job of {cell.folder} does not say where; "
            "give it with --set in a run."
        )
    return dict(Job.read(folder.job).places)


def _refusal(cell: Cell) -> DataError:
    """Return the error for a cell whose network is not trained to the end."""
    return DataError(
        f"expected a cell whose training is finished, and {cell.folder} has no whole {NETWORK}; finish it with hsbench "
        "run (--rerun all where it was cleaned away), or name another cell."
    )
