"""Pages as Jinja2 templates: the environment that every page is rendered in.

The templates are the files of the folder `templates`. Autoescaping is on for all of them, so whatever comes from a
results folder (names, notes, statuses, logs) is shown as text and can never become markup.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from hsbench.report import names, text
from hsbench.report.sessions import facts
from hsbench.report.summary import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Environment

    from hsbench.metrics.base import MetricInfo

PAGES = {
    "index.html": "Tables",
    "cells.html": "Cells",
    "limits.html": "What these numbers do not tell",
    "differences.html": "Paper and code",
}
"""File in the report's folder -> label of the link that leads to it from every page."""


def render(
    template: str,
    title: str,
    *,
    place: str = "",
    here: str = "",
    root: str = "",
    wide: bool = True,
    **values: Any,
) -> str:
    """Return a whole page.

    Args:
        template: name of a file in the folder `templates`.
        title: heading of the page and start of the title of the browser window.
        place: experiment, corpus and budget, which stand behind it in the title of the window.
        here: key of the page in PAGES, whose link is marked as the current one; "" for a page that has no link there.
        root: relative path from the page to the report's folder, such as "../"; "" for a page in that folder.
        wide: whether the page holds tables, which may be wider than a column of text.
        values: what else the template shows.
    """
    page = environment().get_template(template)
    return page.render(title=title, place=place, here=here, root=root, wide=wide, **values)


@functools.cache
def environment() -> Environment:
    """Return the environment of the templates; an unknown name in a template is an error, never an empty text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    templates = Environment(
        loader=PackageLoader("hsbench.report.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters |= {"sort_value": sort_value, "metric_heading": text.heading, "short": names.short}
    templates.globals |= {"text": text, "pages": PAGES, "session_facts": facts}
    templates.globals |= {"directions": directions, "sentences": sentences}
    return templates


def directions(metrics: Sequence[MetricInfo]) -> str:
    """Return which values are better: "Lower is better for MSE and LSD; higher is better for SI-SNR"."""
    parts = []
    for better in ("lower", "higher"):
        *labels, last = [metric.label for metric in metrics if metric.better == better] or [""]
        if last:
            parts.append(f"{better} is better for {', '.join(labels)}{' and ' * bool(labels)}{last}")
    return text.capital("; ".join(parts))


def sort_value(value: float | str | None) -> str:
    """Return the number by which a table cell is sorted, with all its digits; "" where the cell holds no number."""
    return "" if value is None or value == "" else repr(float(value))
