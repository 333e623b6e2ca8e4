"""Figures of the results: pure functions of the results folder.

    drawn, notes = figures.drawn(view, results)
    for figure in drawn:
        figures.save(figure, folder, f"{view.experiment}--{view.group}")

Each kind of figure is a file with `draw(subject) -> Drawn | str | None`. A returned text is a sentence that says why
the figure cannot be drawn; None says that the experiment has no such figure.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from hsbench.files import replace_atomically
from hsbench.report.figures import (
    bitrate,
    curves,
    encoding_cost,
    first_layer,
    omegas,
    progress,
    rate,
    reconstructions,
    spectra,
    spread,
    training_share,
    weights,
)
from hsbench.report.figures.base import Drawn, Subject
from hsbench.report.figures.style import COLUMN, PAGE, Layout
from hsbench.report.table import build

if TYPE_CHECKING:
    from pathlib import Path

    from hsbench.report.table import Table
    from hsbench.results.store import Results
    from hsbench.results.view import View

__all__ = ["COLUMN", "PAGE", "Drawn", "Layout", "Subject", "drawn", "save"]

KINDS = (
    reconstructions,
    rate,
    bitrate,
    encoding_cost,
    progress,
    first_layer,
    spectra,
    training_share,
    spread,
    omegas,
    weights,
    curves,
)
"""All kinds of figures, in the order in which they are shown."""


DOTS = 300
"""Dots per inch of PNG files."""


def drawn(
    view: View,
    results: Results,
    clip: str | None = None,
    table: Table | None = None,
    layout: Layout = COLUMN,
) -> tuple[list[Drawn], list[str]]:
    """Draw every figure that a view has the data for.

    Args:
        view: the view whose rows and clips are drawn.
        results: the results folder that holds the cells of the view.
        clip: identifier of the clip whose sound is shown; None for the median clip.
        table: the table of the view, if it was built already.
        layout: the place that the figures are drawn for: the column of a paper, or a page on a screen.

    Returns:
        The figures, and one sentence for each kind of figure that could not be drawn.
    """
    subject = Subject(results, table or build(view, results), clip, layout)
    with layout.applied():
        outcomes = [kind.draw(subject) for kind in KINDS]
    figures = [outcome for outcome in outcomes if isinstance(outcome, Drawn)]
    return figures, [outcome for outcome in outcomes if isinstance(outcome, str)]


def save(drawn: Drawn, folder: Path, stem: str) -> list[Path]:
    """Write a figure as PNG (300 dots per inch) and as PDF; return the paths.

    The files hold title and caption but no date, so the same results give the same bytes.

    Args:
        drawn: the figure.
        folder: folder to write into.
        stem: end of the file names; the names start with the kind of the figure.
    """
    title, caption = drawn.title, drawn.caption
    formats = {
        "png": {"Title": title, "Description": caption, "Software": None},
        "pdf": {"Title": title, "Subject": caption, "CreationDate": None, "Producer": None, "Creator": None},
    }
    # The layout takes longer than everything else, and is the same in both files.
    drawn.figure.draw_without_rendering()
    drawn.figure.set_layout_engine("none")
    paths = []
    for suffix, metadata in formats.items():
        buffer = io.BytesIO()
        drawn.figure.savefig(buffer, format=suffix, dpi=DOTS, metadata=metadata)
        paths.append(folder / f"{drawn.name}-{stem}.{suffix}")
        replace_atomically(paths[-1], buffer.getvalue())
    return paths
