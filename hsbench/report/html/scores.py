"""The page of one metric: its value for every clip in every row of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.report import text
from hsbench.report.html.page import render

if TYPE_CHECKING:
    from hsbench.metrics.base import MetricInfo
    from hsbench.report.html.group import Group


def page(group: Group, corpus_name: str, metric: MetricInfo) -> str:
    """Return a table with a line for each clip and a column for each cell; the name of a clip links to its sound.

    Args:
        group: the view whose cells are shown.
        corpus_name: registered name of the corpus whose clips are shown.
        metric: the metric whose values are shown.
    """
    return render(
        "scores.html",
        f"{text.heading(metric)}, clip by clip",
        place=group.place,
        root="../../../",
        group=group,
        corpus_name=corpus_name,
        corpus=group.corpus(corpus_name),
        fits=group.on(corpus_name),
        metric=metric,
    )
