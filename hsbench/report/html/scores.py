"""The values of one metric, clip by clip and row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.analysis.frame import value_and_status
from hsbench.report import text
from hsbench.report.html.page import Html, el, frame
from hsbench.report.html.tables import cell, grid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hsbench.metrics.base import MetricInfo
    from hsbench.report.html.group import Fit, Group

UP = "../../../"


def page(group: Group, corpus: str, metric: MetricInfo) -> str:
    """Return a table with a row for each clip and a column for each cell; a clip's name leads to its sound.

    Args:
        group: the view that is shown.
        corpus: name.
        metric: whose values are shown.
    """
    fits = group.on(corpus)
    rows = [_row(group, corpus, clip, fits, metric) for clip in group.corpus(corpus).clips]
    tabs = [
        el(
            "a",
            text.heading(one),
            href=UP + group.scores_page(corpus, one.name),
            aria_current="page" if one.name == metric.name else None,
        )
        for one in group.table.metrics
    ]
    better = "More is better." if metric.better == "higher" else "Less is better."
    title = f"{text.heading(metric)}, clip by clip"
    return frame(
        title,
        el("p", el("a", group.table.title, href=f"{UP}index.html#{group.slug}"), class_="back"),
        el("h1", title),
        el("p", f"Corpus {corpus}, {len(rows)} clips in the order of evaluation. {better} A clip leads to its sound."),
        el("nav", *tabs, aria_label="Metrics", class_="tabs"),
        grid(
            ["clip", "speaker", "sex", *(fit.row for fit in fits)],
            rows,
            caption=f"{title}, corpus {corpus}",
            filters=True,
            texts=("speaker", "sex"),
        ),
        here="",
        up=UP,
        wide=True,
    )


def _row(group: Group, corpus: str, clip: str, fits: list[Fit], metric: MetricInfo) -> Html:
    reference: Mapping[str, object] = group.references.get((group.corpus(corpus).fingerprint, clip), {})
    return el(
        "tr",
        el("th", el("a", clip, href=UP + group.clip_page(corpus, clip)), scope="row", class_="name"),
        el("td", reference.get("speaker", ""), class_="text"),
        el("td", reference.get("sex", ""), class_="text"),
        *(score(fit, clip, metric) for fit in fits),
    )


def score(fit: Fit, clip: str, metric: MetricInfo) -> Html:
    """The cell of one score; without a value, the reason."""
    value, status = value_and_status(fit.scores, clip, metric.name, metric.version)
    return cell(None, el("small", status)) if value is None else cell(value, text.number(value, metric))
