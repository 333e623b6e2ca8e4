"""Figures of one view as files of the report."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench.report import figures

if TYPE_CHECKING:
    from hsbench.report.html.group import Group
    from hsbench.report.html.site import Site
    from hsbench.results.store import Results

PIXELS = 100
"""Pixels per inch of a figure on a page; the page's width is that of hsbench.report.figures.PAGE."""


@dataclass(frozen=True)
class Picture:
    """The files of one figure.

    Attributes:
        title: short title.
        caption: what a reader must know to read the figure.
        page: path of the file in the report that fills the width of a page.
        column: path of the file for narrow screens, with the layout of a column in print.
        width: width of the former on the page [pixels].
        height: its height on the page [pixels].
    """

    title: str
    caption: str
    page: str
    column: str
    width: int
    height: int


def write(site: Site, group: Group, results: Results) -> list[Picture]:
    """Draw the figures of a view and write them. The same results give the same bytes.

    Args:
        site: the report.
        group: the view with its table.
        results: the results folder that holds the cells of the view.
    """
    wide, narrow = (
        figures.drawn(group.view, results, table=group.table, layout=layout)[0]
        for layout in (figures.PAGE, figures.COLUMN)
    )
    pictures = []
    for of_page, of_column in zip(wide, narrow, strict=True):
        stem = f"figures/{group.slug}--{of_page.name}"
        width, height = (round(inches * PIXELS) for inches in of_page.figure.get_size_inches())
        picture = Picture(of_page.title, of_page.caption, f"{stem}.svg", f"{stem}-narrow.svg", width, height)
        site.write(picture.page, _svg(of_page))
        site.write(picture.column, _svg(of_column))
        pictures.append(picture)
    return pictures


def _svg(drawn: figures.Drawn) -> bytes:
    """Return a figure as SVG, with identifiers that depend on the kind of figure and on nothing else."""
    from matplotlib import rc_context

    buffer = io.BytesIO()
    with rc_context({"svg.hashsalt": drawn.name}):
        drawn.figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
