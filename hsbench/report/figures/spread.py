"""Distribution of each metric over the clips, one box per row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hsbench.report.figures import style
from hsbench.report.figures.base import Drawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hsbench.metrics.base import MetricInfo
    from hsbench.report.figures.base import Subject
    from hsbench.report.table import TableRow

CROWD = 64
"""Largest number of values of a row for which every clip is drawn as a dot; above it only outliers are drawn."""


def draw(subject: Subject) -> Drawn | str:
    """Draw a box per row and metric, and a dot per clip where there are at most CROWD of them."""
    rows = [row for row in subject.table.rows if any(_values(row, m).size for m in subject.table.metrics)]
    if not rows:
        return "Distributions: no row of this experiment has a score."
    metrics = [metric for metric in subject.table.metrics if any(_values(row, metric).size for row in rows)]
    columns = 2 if len(metrics) in (2, 4) else 3
    chart, panels = style.panels(len(metrics), 0.7 + 0.24 * len(rows), columns, sharey=True)
    for axes, metric in zip(panels, metrics, strict=True):
        _panel(axes, rows, metric)
    panels[0].set_yticks(range(len(rows)), [style.label(row.name) for row in rows])
    panels[0].set_ylim(len(rows) - 0.5, -0.5)
    chart.suptitle(style.heading(subject.view, "Distributions over clips"))
    return Drawn("spread", "Distributions over clips", _caption(subject), chart)


def _values(row: TableRow, metric: MetricInfo) -> NDArray[np.float64]:
    """Return all values of a row in a metric, over seeds and clips: [values]."""
    values = row.entries[metric.name].values
    return values[np.isfinite(values)]


def _panel(axes: Axes, rows: Sequence[TableRow], metric: MetricInfo) -> None:
    values_by_row = [_values(row, metric) for row in rows]
    if _wide(np.concatenate(values_by_row)):
        axes.set_xscale("log")
        axes.set_xlim(*_margins(np.concatenate(values_by_row)))
        style.plain_log(axes.xaxis)
    few = max(values.size for values in values_by_row) <= CROWD
    for place, values in enumerate(values_by_row):
        if not values.size:
            axes.text(
                0.5, place, "no value", transform=axes.get_yaxis_transform(), ha="center", va="center", color="0.4"
            )
            continue
        colour = style.COLOURS[place % len(style.COLOURS)]
        box = axes.boxplot(
            [values],
            positions=[place],
            orientation="horizontal",
            widths=0.6,
            patch_artist=True,
            manage_ticks=False,
            showfliers=not few,
            showmeans=True,
            meanprops={"marker": "D", "markersize": 3.5, "markerfacecolor": "white", "markeredgecolor": "black"},
            medianprops={"color": "black", "linewidth": 1.3},
            flierprops={"marker": "o", "markersize": 2, "markeredgecolor": colour},
        )
        box["boxes"][0].set(facecolor="none", edgecolor=colour, hatch=style.HATCHES[place % len(style.HATCHES)])
        if few:
            lift = np.random.default_rng(place).uniform(-0.22, 0.22, values.size)
            axes.plot(values, place + lift, ".", color=colour, markersize=3, alpha=0.7, markeredgewidth=0)
    axes.set_xlabel(style.direction(metric))
    axes.grid(visible=True, axis="x")


def _wide(values: NDArray[np.float64]) -> bool:
    """Return whether the values are positive and span more than a factor of 100, which needs a logarithmic axis."""
    return bool(values.min() > 0 and values.max() > 100 * values.min())


def _margins(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the ends of a logarithmic axis, with a little room on both sides."""
    low, high = float(values.min()), float(values.max())
    return low / 1.3, high * 1.3


def _caption(subject: Subject) -> str:
    return (
        f"One box per row over {subject.sound}. Box: quartiles; black line: median; diamond: mean; whiskers: furthest "
        "value within 1.5 times the length of the box; dots: clips. Where a row has more than "
        f"{CROWD} values, only those beyond the whiskers have a dot. Clips without a value are left out; the table "
        "shows their number."
    )
