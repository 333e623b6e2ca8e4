"""Distribution of each metric over the clips, one box per row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hsbench.report import text
from hsbench.report.figures import series, style
from hsbench.report.figures.base import Drawn
from hsbench.report.figures.scales import spread_out

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
    layout = subject.layout
    names = [style.folded(row.name, layout.letters) for row in rows]
    # Rows have one distance, at which no two neighbouring names touch.
    folds = [name.count("\n") + 1 for name in names]
    pitch = max((first + second) / 2 for first, second in zip(folds, [*folds[1:], 1], strict=True))
    height = layout.lines(2.5 + pitch * len(rows))
    chart, panels = layout.panels(len(subject.table.metrics), height, sharey=True)
    for axes, metric in zip(panels, subject.table.metrics, strict=True):
        _panel(axes, rows, metric)
    panels[0].set_yticks(range(len(rows)), names)
    panels[0].set_ylim(len(rows) - 0.5, -0.5)
    style.head(chart, subject.view)
    return Drawn("spread", "Distributions over clips", _caption(subject), chart)


def _values(row: TableRow, metric: MetricInfo) -> NDArray[np.float64]:
    """Return all values of a row in a metric, over seeds and clips: [values]."""
    values = row.entries[metric.name].values
    return values[np.isfinite(values)]


def _pointed(metric: MetricInfo) -> str:
    """Return a metric with an arrow to its better side, along the horizontal axis."""
    heading = text.heading(metric)
    return f"{heading} (better →)" if metric.better == "higher" else f"(← better) {heading}"


def _panel(axes: Axes, rows: Sequence[TableRow], metric: MetricInfo) -> None:
    axes.set_xlabel(_pointed(metric))
    values_by_row = [_values(row, metric) for row in rows]
    if not any(values.size for values in values_by_row):
        style.blank(axes, series.why_empty(rows, metric))
        return
    if metric.unit != "dB":
        spread_out(axes.xaxis, np.concatenate(values_by_row))
    few = max(values.size for values in values_by_row) <= CROWD
    for place, values in enumerate(values_by_row):
        if values.size:
            _box(axes, place, values, few=few)
        else:
            middle = axes.get_yaxis_transform()
            axes.text(0.5, place, "no value", transform=middle, ha="center", va="center", color=style.GREY)
    axes.grid(visible=True, axis="x")


def _box(axes: Axes, place: int, values: NDArray[np.float64], *, few: bool) -> None:
    """Draw the box of one row, with a dot per clip where there are few and only for outliers otherwise."""
    axes.boxplot(
        [values],
        positions=[place],
        orientation="horizontal",
        widths=0.6,
        manage_ticks=False,
        showfliers=not few,
        showmeans=True,
        boxprops={"color": style.INK, "linewidth": 0.8},
        whiskerprops={"color": style.INK, "linewidth": 0.8},
        capprops={"color": style.INK, "linewidth": 0.8},
        meanprops={"marker": "D", "markersize": 3, "markerfacecolor": "white", "markeredgecolor": "black"},
        medianprops={"color": "black", "linewidth": 1.3},
        flierprops={"marker": "o", "markersize": 2, "markeredgecolor": style.INK},
    )
    if few:
        lift = np.random.default_rng(place).uniform(-0.22, 0.22, values.size)
        axes.plot(values, place + lift, ".", color=style.INK, markersize=3, alpha=0.6, markeredgewidth=0)


def _caption(subject: Subject) -> str:
    return (
        f"One box per row over {subject.sound}. Box: quartiles; black line: median; diamond: mean; whiskers: furthest "
        "value within 1.5 times the length of the box; dots: clips. Where a row has more than "
        f"{CROWD} values, only those beyond the whiskers have a dot. Clips without a value are left out; the table "
        "shows their number."
    )
