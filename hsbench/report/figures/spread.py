"""How each metric is distributed over the clips, row by row."""

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
"""Above so many values a row's points are left out: the box and its outliers say more."""


def draw(subject: Subject) -> Drawn | str:
    """A box per row and metric, with the clips themselves while they are few."""
    rows = [row for row in subject.table.rows if any(_values(row, m).size for m in subject.table.metrics)]
    if not rows:
        return "Distributions: no row of this experiment has a score."
    metrics = [metric for metric in subject.table.metrics if any(_values(row, metric).size for row in rows)]
    columns = 2 if len(metrics) in (2, 4) else 3
    chart, panels = style.panels(len(metrics), 0.7 + 0.24 * len(rows), columns, sharey=True)
    for axes, metric in zip(panels, metrics, strict=True):
        _panel(axes, rows, metric)
    panels[0].set_yticks(range(len(rows)), [style.literal(row.name) for row in rows])
    panels[0].set_ylim(len(rows) - 0.5, -0.5)
    chart.suptitle(style.heading(subject.view, "Distributions over clips"))
    return Drawn("spread", "Distributions over clips", _caption(subject), chart)


def _values(row: TableRow, metric: MetricInfo) -> NDArray[np.float64]:
    """Every value that a row has of a metric, over seeds and clips: [values]."""
    values = row.entries[metric.name].values
    return values[np.isfinite(values)]


def _panel(axes: Axes, rows: Sequence[TableRow], metric: MetricInfo) -> None:
    found = [_values(row, metric) for row in rows]
    if _wide(np.concatenate(found)):
        axes.set_xscale("log")
        axes.set_xlim(*_margins(np.concatenate(found)))
        style.plain_log(axes.xaxis)
    few = max(values.size for values in found) <= CROWD
    for place, values in enumerate(found):
        if not values.size:
            axes.text(
                0.5, place, "no value", transform=axes.get_yaxis_transform(), ha="center", va="center", color="0.4"
            )
            continue
        colour = style.COLOURS[place % len(style.COLOURS)]
        drawn = axes.boxplot(
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
        drawn["boxes"][0].set(facecolor="none", edgecolor=colour, hatch=style.HATCHES[place % len(style.HATCHES)])
        if few:
            lift = np.random.default_rng(place).uniform(-0.22, 0.22, values.size)
            axes.plot(values, place + lift, ".", color=colour, markersize=3, alpha=0.7, markeredgewidth=0)
    axes.set_xlabel(style.direction(metric))
    axes.grid(visible=True, axis="x")


def _wide(values: NDArray[np.float64]) -> bool:
    """Whether positive values span so much that only a logarithm shows them."""
    return bool(values.min() > 0 and values.max() > 100 * values.min())


def _margins(values: NDArray[np.float64]) -> tuple[float, float]:
    """Ends of a logarithmic axis with a little room on both sides."""
    low, high = float(values.min()), float(values.max())
    return low / 1.3, high * 1.3


def _caption(subject: Subject) -> str:
    return (
        f"One box per row over {subject.sound}: quartiles, black line the median, diamond the mean, whiskers to the "
        "furthest value within 1.5 times the box. Dots are clips; where a row has more than "
        f"{CROWD}, only those beyond the whiskers are shown. Values that a metric could not give are left out; the "
        "table says how many."
    )
