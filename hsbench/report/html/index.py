"""The first page: every table with its notes, and links to all other pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.errors import UnknownNameError
from hsbench.metrics.base import split_rate
from hsbench.report import text
from hsbench.report.html.page import render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.report.html.figures import Picture
    from hsbench.report.html.group import Group

NAMED = 3
"""Largest number of experiments that the title of the window names."""


def page(groups: Sequence[Group], pictures: Mapping[str, Sequence[Picture]]) -> str:
    """Return the page.

    Args:
        groups: the views, in the order in which their tables are shown.
        pictures: slug of a group -> its figures.
    """
    places = [group.place for group in groups]
    more = f" and {len(places) - NAMED} more" if len(places) > NAMED else ""
    metrics = {metric.name: metric for group in groups for metric in group.table.metrics}
    return render(
        "index.html",
        "Report",
        place="; ".join(places[:NAMED]) + more,
        here="index.html",
        groups=groups,
        pictures=pictures,
        meanings=[(text.heading(metric), _meaning(name)) for name, metric in metrics.items()],
    )


def _meaning(metric: str) -> str:
    """Return what a metric measures, in one line, or "" for a metric that is not installed here."""
    try:
        return registry.metric(split_rate(metric)[0]).summary
    except UnknownNameError:
        return ""
