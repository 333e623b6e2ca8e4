"""Pages of text: what the numbers do not tell, and the differences between the paper and its code."""

from __future__ import annotations

import functools
import re
from importlib.resources import files
from typing import TYPE_CHECKING

from hsbench import differences, protocols
from hsbench.report.html.page import render

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


def limits() -> str:
    """Return the page "What these numbers do not tell"."""
    text = limits_text().replace("[differences.md](differences.md)", "[another page](differences.html)")
    title = "What these numbers do not tell"
    return render("limits.html", title, here="limits.html", wide=False, limits=_markdown().render(text))


def limits_text() -> str:
    """Return the same page as Markdown; docs/limits.md is a copy of it."""
    return (files("hsbench.report") / "limits.md").read_text(encoding="utf-8")


def differences_page() -> str:
    """Return the page that lists every point where the paper and its reference code differ."""
    known = protocols.differences()
    areas = {
        area: [
            [_inline(cell) for cell in differences.cells(difference)] for difference in known if difference.area == area
        ]
        for area in protocols.AREAS
    }
    return render(
        "differences.html",
        "Differences between the paper and its code",
        here="differences.html",
        columns=differences.COLUMNS,
        areas=areas,
        number=len(known),
        decided=sum(difference.switch is not None for difference in known),
    )


def _inline(markdown: str) -> str:
    """Markup of a line of Markdown; a page of docs/ that the report does not hold is named and not linked."""
    markup: str = _markdown().renderInline(re.sub(r"\[[^\]]*\]\((\w+\.md)\)", r"`docs/\1`", markdown))
    return markup


@functools.cache
def _markdown() -> MarkdownIt:
    """Return a converter that takes no markup from the text: tags in it are shown as they are written."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table")
