"""Series of table rows in a panel: the mean of a metric with its interval, over what a row costs."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from hsbench.report.figures import style
from hsbench.report.figures.scales import plain_log, spread_out
from hsbench.spec import FLOOR_MODELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hsbench.metrics.base import MetricInfo
    from hsbench.report.figures.style import Layout, Look
    from hsbench.report.table import TableRow
    from hsbench.results.view import ViewRow


def draw(
    axes: Axes, places: Sequence[float], rows: Sequence[TableRow], metric: MetricInfo, look: Look, *, joined: bool
) -> None:
    """Draw the mean of a metric in each row, with its 95 % interval.

    Args:
        axes: the panel.
        places: position of each row on the horizontal axis.
        rows: the rows of one series.
        metric: the metric of the panel.
        look: colour, marker and line of the series.
        joined: whether a line joins the rows.
    """
    mean, low, high = _summaries(rows, metric)
    axes.errorbar(
        places,
        mean,
        # A row with a single clip has a mean and no interval.
        yerr=np.nan_to_num(np.stack([mean - low, high - mean])),
        color=look.colour,
        marker=look.marker,
        linestyle=look.line if joined else "none",
        capsize=1.5,
        elinewidth=0.7,
        capthick=0.7,
    )


def costed(rows: Iterable[tuple[ViewRow, TableRow]]) -> list[tuple[ViewRow, TableRow]]:
    """Return the rows that are no floors and have a score."""
    return [
        (view_row, row)
        for view_row, row in rows
        if view_row.model not in FLOOR_MODELS and any(entry.summary.mean is not None for entry in row.entries.values())
    ]


def finish(axes: Axes, rows: Sequence[tuple[ViewRow, TableRow]], metric: MetricInfo) -> None:
    """Name the metric of a panel, mark silence and noise, and scale the vertical axis.

    An empty panel says why it is empty. A linear axis spans the rows alone, since silence and noise can be far away.

    Args:
        axes: the panel, in which the series are drawn already.
        rows: the rows that the panels show and the floors, each with its row of the table.
        metric: the metric of the panel.
    """
    axes.set_title(style.direction(metric))
    shown = values((row for _, row in costed(rows)), metric)
    if not shown:
        style.blank(axes, why_empty((row for _, row in rows), metric))
        return
    limits = axes.get_ylim()
    for view_row, row in rows:
        mean = row.entries[metric.name].summary.mean
        if view_row.model in FLOOR_MODELS and mean is not None:
            style.mark(axes, mean, view_row.model)
    if metric.unit != "dB":
        spread_out(axes.yaxis, values((row for _, row in rows), metric))
    if axes.get_yscale() == "linear":
        axes.set_ylim(limits)
    axes.grid(visible=True)


def label_below(panels: Sequence[Axes], layout: Layout, label: str) -> None:
    """Label the logarithmic axis that all panels share, below the lowest panel of each column."""
    # The tick labels depend on the final limits of the axis.
    plain_log(panels[0].xaxis)
    for axes in panels[-layout.across(len(panels)) :]:
        axes.set_xlabel(label)
        axes.tick_params(labelbottom=True, which="both")


def values(rows: Iterable[TableRow], metric: MetricInfo) -> list[float]:
    """Return the means of a metric in all rows that have one, and the ends of their intervals."""
    return [float(value) for value in np.ravel(_summaries(list(rows), metric)) if math.isfinite(value)]


def why_empty(rows: Iterable[TableRow], metric: MetricInfo) -> str:
    """Return why no row has a value of a metric, with the statuses of the missing scores."""
    statuses: Counter[str] = Counter()
    for row in rows:
        statuses.update({status: number for (name, status), number in row.missing.items() if name == metric.name})
    reasons = "\n".join(f"{status.replace('_', ' ')} ({number})" for status, number in statuses.most_common(3))
    return f"no value\n{reasons}".rstrip()


def _summaries(rows: Sequence[TableRow], metric: MetricInfo) -> NDArray[np.float64]:
    """Return mean and interval of each row, NaN where there is none: [3, rows]."""
    summaries = [row.entries[metric.name].summary for row in rows]
    return np.array([[each.mean, each.low, each.high] for each in summaries], dtype=np.float64).reshape(-1, 3).T
