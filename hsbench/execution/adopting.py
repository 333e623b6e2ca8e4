"""Adopt a trained network: copy it into the folder of the cell whose specification it has, in place of a training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hsbench.errors import DataError
from hsbench.files import replace_atomically
from hsbench.models.base import NETWORK
from hsbench.networks import card, tensors
from hsbench.results.base_cell import base_of

if TYPE_CHECKING:
    from hsbench.execution.task import Task


def adopt(task: Task) -> None:
    """Adopt the network that a job names, unless the cell has a network already.

    The network is kept as the model would have kept its own, so that the model loads it in place of training. Where it
    came from stands in the provenance of the current session, as `adopted`.

    Args:
        task: the cell, whose lock the caller holds.

    Raises:
        DataError: the file is damaged, is not what its card says, or belongs to another cell.
    """
    cell, target = task.job.cell, task.folder.kept / NETWORK
    if task.job.network is None or base_of(cell) is not None or target.exists():
        return
    path = Path(task.job.network)
    network = card.read(path)
    if (digest := tensors.digest(path)) != network.card.sha256:
        raise DataError(
            f"{path} should hold tensors with the SHA-256 {network.card.sha256[:12]} and holds {digest[:12]}, so it "
            "was altered; restore the file, or train the network here with --retrain."
        )
    if network.cell.key != cell.key:
        raise DataError(
            f"{path} should be the network of {cell.folder} and is that of {network.cell.folder}; plan the run again."
        )
    replace_atomically(target, path.read_bytes())
    facts = {"name": network.name, "sha256": digest, "hsbench": network.card.hsbench, "steps": network.card.steps}
    task.folder.amend_provenance({"adopted": facts})
