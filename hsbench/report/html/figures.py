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

DOTS, PIXELS = 160, 100
"""Pixels per inch of the figure, in a PNG file and on the page."""


@dataclass(frozen=True)
class Picture:
    """The files of one figure.

    Attributes:
        title: short title.
        caption: what a reader must know to read the figure.
        png: path of the PNG file in the report.
        svg: path of the SVG file in the report.
        width: largest width on the page [pixels].
        height: largest height on the page [pixels].
    """

    title: str
    caption: str
    png: str
    svg: str
    width: int
    height: int


def write(site: Site, group: Group, results: Results) -> list[Picture]:
    """Draw the figures of a view and write them. The same results give the same bytes.

    Args:
        site: the report.
        group: the view with its table.
        results: the results folder that holds the cells of the view.
    """
    from matplotlib import rc_context

    pictures = []
    for drawn in figures.drawn(group.view, results, table=group.table)[0]:
        stem = f"figures/{group.slug}--{drawn.name}"
        width, height = (round(inches * PIXELS) for inches in drawn.figure.get_size_inches())
        picture = Picture(drawn.title, drawn.caption, f"{stem}.png", f"{stem}.svg", width, height)
        with rc_context({"svg.hashsalt": drawn.name}):
            for path, kind in ((picture.png, "png"), (picture.svg, "svg")):
                buffer = io.BytesIO()
                drawn.figure.savefig(buffer, format=kind, dpi=DOTS, metadata={"Date": None} if kind == "svg" else None)
                site.write(path, buffer.getvalue())
        pictures.append(picture)
    return pictures
