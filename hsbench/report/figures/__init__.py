"""Figures of what was run: pure functions of the results folder.

    drawn, notes = figures.drawn(view, results)
    for one in drawn:
        figures.save(one, folder, f"{view.experiment}--{view.group}")

Each kind of figure is a file with `draw(subject) -> Drawn | str`; a text is the sentence that says why it is not drawn.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from hsbench.files import replace_atomically
from hsbench.report.figures import curves, omegas, rate, reconstructions, spread, style, weights
from hsbench.report.figures.base import Drawn, Subject
from hsbench.report.table import build

if TYPE_CHECKING:
    from pathlib import Path

    from hsbench.report.table import Table
    from hsbench.results.store import Results
    from hsbench.results.view import View

__all__ = ["Drawn", "Subject", "drawn", "save"]

KINDS = (reconstructions, rate, spread, omegas, weights, curves)
"""In the order in which they are shown."""


def drawn(
    view: View, results: Results, clip: str | None = None, table: Table | None = None
) -> tuple[list[Drawn], list[str]]:
    """Draw every figure that one view supports; a sentence for each that it does not.

    Args:
        view: what was asked for.
        results: the results folder that holds the view's cells.
        clip: the id of the clip whose sound is shown; the median one by default.
        table: the view's table, where the caller has it already.
    """
    subject = Subject(results, table or build(view, results), clip)
    with style.applied():
        made = [kind.draw(subject) for kind in KINDS]
    return [one for one in made if isinstance(one, Drawn)], [one for one in made if isinstance(one, str)]


def save(one: Drawn, folder: Path, stem: str) -> list[Path]:
    """Write a figure as PNG (200 dots an inch) and PDF; the paths.

    Title and caption go into the files, dates do not: the same results give the same bytes.
    """
    named = {
        "png": {"Title": one.title, "Description": one.caption, "Software": None},
        "pdf": {"Title": one.title, "Subject": one.caption, "CreationDate": None, "Producer": None, "Creator": None},
    }
    paths = []
    for suffix, metadata in named.items():
        buffer = io.BytesIO()
        one.figure.savefig(buffer, format=suffix, dpi=200, metadata=metadata)
        paths.append(folder / f"{one.name}-{stem}.{suffix}")
        replace_atomically(paths[-1], buffer.getvalue())
    return paths
