"""The first page: every table with its notes, and links to all other pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.report.html.page import render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.report.html.figures import Picture
    from hsbench.report.html.group import Group


def page(groups: Sequence[Group], pictures: Mapping[str, Sequence[Picture]]) -> str:
    """Return the page.

    Args:
        groups: the views, in the order in which their tables are shown.
        pictures: slug of a group -> its figures.
    """
    return render("index.html", "Report", here="index.html", groups=groups, pictures=pictures)
