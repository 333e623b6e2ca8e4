"""Learning curves as TensorBoard event files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.errors import BackendMissingError
from hsbench.report.figures.curves import curves

if TYPE_CHECKING:
    from pathlib import Path

    from hsbench.results.store import Results
    from hsbench.results.view import View


def save_events(view: View, results: Results, output: Path, stem: str) -> list[Path]:
    """Write one TensorBoard run per fit, with the scalars loss and lr over training steps; return their folders.

    Args:
        view: the view whose fits are written.
        results: the results folder that holds the cells of the view.
        output: folder to write into.
        stem: name of the subfolder that holds the runs of this view.

    Raises:
        BackendMissingError: the package tensorboard is not installed.
        IncompleteError: no fit of the view has a learning curve.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise BackendMissingError(
            f"TensorBoard files need the package tensorboard ({error}); install it with: "
            'pip install "hsbench[tensorboard]"'
        ) from error
    folders = []
    for curve in curves(view, results):
        folder = output / stem / curve.name.replace("/", "-").replace(" ", "_")
        with SummaryWriter(str(folder)) as writer:
            for point in curve.points:
                for key in ("loss", "lr"):
                    if point[key] is not None:
                        writer.add_scalar(key, point[key], point["step"])
        folders.append(folder)
    return folders
