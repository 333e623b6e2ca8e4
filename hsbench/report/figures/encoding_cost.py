"""Encoding cost against quality: the mean of each metric over the operations that encode one clip."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hsbench import registry
from hsbench.descriptors import APPROACHES
from hsbench.errors import UnknownNameError
from hsbench.report.figures import style
from hsbench.report.figures.base import Drawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from hsbench.metrics.base import MetricInfo
    from hsbench.report.figures.base import Subject
    from hsbench.report.table import TableRow

OTHER = "other"
"""Approach of a model whose descriptor names none."""


@dataclass(frozen=True)
class Point:
    """A row with its approach and its encoding operations per clip."""

    row: TableRow
    approach: str
    operations: float


def draw(subject: Subject) -> Drawn | str | None:
    """Draw each metric over encoding operations, with the frontier of rows that no cheaper row equals.

    Only experiments that ask for the column of operations have this figure.
    """
    if "operations" not in subject.view.columns:
        return None
    points, left_out = _points(subject)
    if len({point.operations for point in points}) < 2:
        return "Encoding cost: fewer than two rows with different numbers of operations have scores."
    metrics = subject.table.metrics
    columns = 2 if len(metrics) in (2, 4) else 3
    chart, panels = style.panels(len(metrics), 2.3, columns, sharex=True)
    for axes, metric in zip(panels, metrics, strict=True):
        _panel(axes, points, metric)
    style.plain_log(panels[0].xaxis)
    for axes in panels[-columns:]:
        axes.set_xlabel("Gflop to encode a clip")
        axes.tick_params(labelbottom=True)
    chart.suptitle(style.heading(subject.view, "Quality against encoding cost"))
    chart.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return Drawn("encode-cost", "Quality against encoding cost", _caption(subject, left_out), chart)


def _points(subject: Subject) -> tuple[list[Point], list[str]]:
    """Return the rows that are drawn, and the names of those with scores whose operations are not counted."""
    points, left_out = [], []
    for view_row, row in zip(subject.view.rows, subject.table.rows, strict=True):
        if all(entry.summary.mean is None for entry in row.entries.values()):
            continue
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


def _panel(axes: Axes, points: Sequence[Point], metric: MetricInfo) -> None:
    for index, approach in enumerate((*APPROACHES, OTHER)):
        own = [point for point in points if point.approach == approach and _mean(point, metric) is not None]
        if own:
            summaries = [point.row.entries[metric.name].summary for point in own]
            mean, low, high = (
                np.array([math.nan if value is None else value for value in values])
                for values in zip(*((each.mean, each.low, each.high) for each in summaries), strict=True)
            )
            axes.errorbar(
                [point.operations for point in own],
                mean,
                yerr=np.nan_to_num(np.stack([mean - low, high - mean])),
                label=approach,
                color=style.COLOURS[index],
                marker=style.MARKERS[index],
                linestyle="none",
                markersize=4.5,
                linewidth=1,
                capsize=2,
            )
    best = frontier(points, metric)
    if best:
        edge = max(point.operations for point in points)
        values = [_mean(point, metric) or 0.0 for point in best]
        axes.step(
            [*(point.operations for point in best), edge],
            [*values, values[-1]],
            where="post",
            color=style.GREY,
            linewidth=1,
            linestyle=":",
            label="frontier",
            zorder=0,
        )
    axes.set_xscale("log")
    drawn = [value for point in points if (value := _mean(point, metric)) is not None]
    if drawn and 0 < 100 * min(drawn) < max(drawn):
        axes.set_yscale("log")
    axes.set_title(style.direction(metric))
    axes.grid(visible=True)


def frontier(points: Sequence[Point], metric: MetricInfo) -> list[Point]:
    """Return the rows whose mean is better than that of every row with at most as many operations, by operations."""
    sign = 1 if metric.better == "higher" else -1
    best: list[Point] = []
    for point in sorted(points, key=lambda point: (point.operations, -sign * (_mean(point, metric) or 0.0))):
        mean = _mean(point, metric)
        if mean is not None and (not best or sign * mean > sign * (_mean(best[-1], metric) or 0.0)):
            best.append(point)
    return best


def _mean(point: Point, metric: MetricInfo) -> float | None:
    return point.row.entries[metric.name].summary.mean


def _caption(subject: Subject, left_out: Sequence[str]) -> str:
    caption = (
        f"Mean over {subject.sound} with its 95 % interval, over the multiplications and additions of matrix products "
        "that encode one clip (derived from the settings of each row; the training that all clips share is not "
        "counted, so shorter trainings of one model stand above each other). Dotted: the frontier, the best mean among "
        "the rows that cost at most as much."
    )
    return caption + (f" Not shown, because their operations are not counted: {', '.join(left_out)}." * bool(left_out))
