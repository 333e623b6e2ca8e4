"""Encoding cost against quality: the mean of each metric over the operations that encode one clip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.lines import Line2D

from hsbench import registry
from hsbench.descriptors import APPROACHES
from hsbench.errors import UnknownNameError
from hsbench.report.figures import series, style
from hsbench.report.figures.base import Drawn
from hsbench.report.figures.frontier import Point, frontier
from hsbench.report.figures.frontier import draw as draw_frontier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from hsbench.metrics.base import MetricInfo
    from hsbench.report.figures.base import Subject

__all__ = ["draw", "frontier"]

OTHER = "other"
"""Approach of a model whose descriptor names none."""


def draw(subject: Subject) -> Drawn | str | None:
    """Draw each metric over encoding operations, with the frontier of rows that no cheaper row equals.

    Only experiments that ask for the column of operations have this figure.
    """
    if "operations" not in subject.view.columns:
        return None
    points, left_out = _points(subject)
    if len({point.cost for point in points}) < 2:
        return "Encoding cost: fewer than two rows with different numbers of operations have scores."
    metrics = subject.table.metrics
    approaches = [name for name in (*APPROACHES, OTHER) if any(point.group == name for point in points)]
    looks = dict(zip(approaches, style.looks(len(approaches)), strict=True))
    chart, panels = subject.layout.panels(len(metrics), subject.layout.panel, sharex=True)
    for axes, metric in zip(panels, metrics, strict=True):
        _panel(axes, points, metric, looks)
        series.finish(axes, subject.rows, metric)
    series.label_below(panels, subject.layout, "Gflop to encode a clip")
    style.head(chart, subject.view)
    handles = {name: _handle(look) for name, look in looks.items()}
    handles["frontier"] = Line2D([], [], color="black", linewidth=1)
    handles |= style.floor_handles(row.model for row in subject.view.rows)
    subject.layout.legend(chart, list(handles.values()), list(handles))
    return Drawn("encode-cost", "Quality against encoding cost", _caption(subject, left_out), chart)


def _points(subject: Subject) -> tuple[list[Point], list[str]]:
    """Return the rows that are drawn, and the names of those with scores whose operations are not counted."""
    points, left_out = [], []
    for view_row, row in series.costed(subject.rows):
        if row.costs.operations:
            points.append(Point(row, _approach(view_row.model), row.costs.operations * 1e-9))
        else:
            left_out.append(row.name)
    return points, left_out


def _approach(model: str) -> str:
    try:
        return registry.model(model).approach or OTHER
    except UnknownNameError:
        return OTHER


def _panel(axes: Axes, points: Sequence[Point], metric: MetricInfo, looks: Mapping[str, style.Look]) -> None:
    for approach, look in looks.items():
        own = [point for point in points if point.group == approach]
        rows = [point.row for point in own]
        series.draw(axes, [point.cost for point in own], rows, metric, look, joined=False)
    draw_frontier(axes, points, metric)
    axes.set_xscale("log")


def _handle(look: style.Look) -> Line2D:
    return Line2D([], [], color=look.colour, marker=look.marker, linestyle="none")


def _caption(subject: Subject, left_out: Sequence[str]) -> str:
    caption = (
        f"Mean over {subject.sound} with its 95 % interval, over the multiplications and additions of matrix products "
        "that encode one clip (derived from the settings of each row; the training that all clips share is not "
        "counted, so shorter trainings of one model stand above each other). Black line: the frontier, the best mean "
        "among the rows that cost at most as much."
    )
    return caption + (f" Not shown, because their operations are not counted: {', '.join(left_out)}." * bool(left_out))
