"""Bitrate against quality: the mean of each metric over the kbit/s that were written, with the frontier.

Only experiments whose rows are streams have this figure (hsbench.experiments.rate). A model is one series: its rows
differ in size and in bits per number, and a line joins those that no smaller row of the model equals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.lines import Line2D

from hsbench.report.figures import frontier, series, style
from hsbench.report.figures.base import Drawn
from hsbench.report.figures.frontier import Point

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from hsbench.metrics.base import MetricInfo
    from hsbench.report.figures.base import Subject
    from hsbench.results.view import View


def asked(view: View) -> bool:
    """Return whether the rows of a view are streams, so that this figure takes the place of that of all costs."""
    return "side_kbps" in view.columns


def draw(subject: Subject) -> Drawn | str | None:
    """Draw each metric over kbit/s, with one series per model and the frontier of all rows."""
    if not asked(subject.view):
        return None
    rows = series.costed(subject.rows)
    points = [Point(row, view_row.model, row.costs.kbps) for view_row, row in rows if row.costs.kbps]
    left_out = [row.name for _, row in rows if not row.costs.kbps]
    if len({point.cost for point in points}) < 2:
        return "Rate against quality: fewer than two rows with different bitrates have scores."
    metrics = subject.table.metrics
    models = list(dict.fromkeys(point.group for point in points))
    looks = dict(zip(models, style.looks(len(models)), strict=True))
    chart, panels = subject.layout.panels(len(metrics), 1.1 * subject.layout.panel, sharex=True)
    for axes, metric in zip(panels, metrics, strict=True):
        _panel(axes, points, metric, looks)
        series.finish(axes, subject.rows, metric)
    series.label_below(panels, subject.layout, "kbit/s")
    style.head(chart, subject.view)
    handles = {
        style.label(model): Line2D([], [], color=look.colour, marker=look.marker, linestyle=look.line)
        for model, look in looks.items()
    }
    handles["frontier"] = Line2D([], [], color="black", linewidth=1)
    handles |= style.floor_handles(row.model for row in subject.view.rows)
    subject.layout.legend(chart, list(handles.values()), list(handles))
    return Drawn("rate", "Rate against quality", _caption(subject, left_out), chart)


def _panel(axes: Axes, points: Sequence[Point], metric: MetricInfo, looks: Mapping[str, style.Look]) -> None:
    """Draw one metric: all rows as markers, and the best rows of each model joined."""
    for model, look in looks.items():
        own = [point for point in points if point.group == model and point.mean(metric) is not None]
        best = frontier.frontier(own, metric)
        places, means = [point.cost for point in own], [point.mean(metric) or 0.0 for point in own]
        axes.plot(places, means, color=look.colour, marker=look.marker, linestyle="none", markersize=2.5)
        line = [point.mean(metric) or 0.0 for point in best]
        axes.plot([point.cost for point in best], line, color=look.colour, linestyle=look.line, linewidth=0.8)
    frontier.draw(axes, points, metric)
    axes.set_xscale("log")


def _caption(subject: Subject, left_out: Sequence[str]) -> str:
    caption = (
        f"Mean over {subject.sound}, over the bits written per second of sound (packets of a codec; payloads of INRs "
        "and of transform coding, from which the estimates were decoded; what all clips share is not counted). Each "
        "marker is a row; a line joins the rows of a model that none of its smaller rows equals. Black line: the "
        "frontier, the best mean among the rows with at most as many bits. The table has the intervals."
    )
    if any(row.model in style.FLOORS for row in subject.view.rows):
        caption += " Grey: silence and noise at the level of the clip."
    return caption + (f" Not shown, because they write no bits: {', '.join(left_out)}." * bool(left_out))
