"""Figures of a group as files of the report."""

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
"""Of a PNG and of the page, an inch."""


@dataclass(frozen=True)
class Picture:
    """A figure that was written.

    Attributes:
        title: in a few words.
        caption: what one sees.
        png: its place in the report.
        svg: likewise.
        width: in pixels of the page, at most.
        height: likewise.
    """

    title: str
    caption: str
    png: str
    svg: str
    width: int
    height: int


def write(site: Site, group: Group, results: Results) -> list[Picture]:
    """Draw and write the figures of a group. The same results give the same bytes."""
    from matplotlib import rc_context

    made = []
    for one in figures.drawn(group.view, results, table=group.table)[0]:
        place = f"figures/{group.slug}--{one.name}"
        width, height = (round(inches * PIXELS) for inches in one.figure.get_size_inches())
        picture = Picture(one.title, one.caption, f"{place}.png", f"{place}.svg", width, height)
        with rc_context({"svg.hashsalt": one.name}):
            for path, kind in ((picture.png, "png"), (picture.svg, "svg")):
                buffer = io.BytesIO()
                one.figure.savefig(buffer, format=kind, dpi=DOTS, metadata={"Date": None} if kind == "svg" else None)
                site.write(path, buffer.getvalue())
        made.append(picture)
    return made
