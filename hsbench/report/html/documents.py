"""Pages of text: what the numbers do not tell, and where the paper and its code part."""

from __future__ import annotations

import functools
import re
from importlib.resources import files
from typing import TYPE_CHECKING

from hsbench import differences, protocols
from hsbench.report.html.page import Html, el, frame
from hsbench.report.html.tables import grid

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

    from hsbench.protocols import Difference


def limits() -> str:
    """The page "What these numbers do not tell"."""
    text = limits_text().replace("[differences.md](differences.md)", "[another page](differences.html)")
    return frame("What these numbers do not tell", Html(_markdown().render(text)), here="limits.html")


def limits_text() -> str:
    """The same as Markdown; docs/limits.md is a copy of it."""
    return (files("hsbench.report") / "limits.md").read_text(encoding="utf-8")


def differences_page() -> str:
    """Every point where the paper's text and its reference code part, and what hsbench does about it."""
    every = protocols.differences()
    parts: list[Html] = []
    for area in protocols.AREAS:
        rows = [_row(one) for one in every if one.area == area]
        parts += [
            el("h2", area),
            grid(differences.COLUMNS, rows, caption=area, filters=True, texts=differences.COLUMNS),
        ]
    decided = sum(one.switch is not None for one in every)
    return frame(
        "Where paper and code part",
        el("h1", "Where the paper and its code part"),
        el(
            "p",
            "What the text of the HyperSound paper (arXiv 2302.04959) states, what its reference code "
            "(WUT-AI/hypersound at commit 1455c27) does, what follows, and what hsbench does about it. "
            f"{len(every)} points, {decided} of them decided by a protocol.",
        ),
        *parts,
        here="differences.html",
        wide=True,
    )


def _row(one: Difference) -> Html:
    name, *said = (_inline(cell) for cell in differences.cells(one))
    shown = [el("td", cell) for cell in said]
    return el("tr", el("th", name, scope="row", class_="name"), *shown, class_="prose")


def _inline(markdown: str) -> Html:
    """A line of Markdown; a page of docs/ that the report does not hold is named and not linked."""
    return Html(_markdown().renderInline(re.sub(r"\[[^\]]*\]\((\w+\.md)\)", r"`docs/\1`", markdown)))


@functools.cache
def _markdown() -> MarkdownIt:
    """A converter that takes no markup from the text."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table")
