"""The omegas of a SIREN as a heat map: omega_0 across, omega_i upwards, one panel per metric."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from hsbench.report import text
from hsbench.report.figures import style
from hsbench.report.figures.base import Drawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hsbench.metrics.base import MetricInfo
    from hsbench.report.figures.base import Subject
    from hsbench.report.table import TableRow

    Pair = tuple[float, float]


def draw(subject: Subject) -> Drawn | str:
    """Means over clips by omega, where rows differ in it."""
    found = _rows(subject)
    if len(found) < 2:
        return "Omegas: fewer than two rows have a pair of omega_0 and omega_i of their own."
    metrics = [
        metric
        for metric in subject.table.metrics
        if any(row.entries[metric.name].summary.mean is not None for row in found.values())
    ]
    if not metrics:
        return "Omegas: no row of this experiment has a score."
    first, other = (sorted({pair[axis] for pair in found}) for axis in (0, 1))
    chart, panels = style.panels(len(metrics), 0.75 + 0.42 * len(other), 2)
    for axes, metric in zip(panels, metrics, strict=True):
        means = np.full((len(other), len(first)), math.nan)
        for (across, up), row in found.items():
            mean = row.entries[metric.name].summary.mean
            means[other.index(up), first.index(across)] = math.nan if mean is None else mean
        _panel(axes, means, first, other, metric)
    chart.suptitle(style.heading(subject.view, "Mean of each metric by omega"))
    caption = (
        f"Mean over {subject.sound}. Across: omega_0, the frequency of the first layer; upwards: omega_i, that of the "
        "others. Hatched: not run. The light end of each scale is the better one."
    )
    return Drawn("omegas", "Omega grid", caption, chart)


def _rows(subject: Subject) -> dict[Pair, TableRow]:
    """(omega_0, omega_i) -> the first row of that pair."""
    found: dict[Pair, TableRow] = {}
    for asked, row in zip(subject.view.rows, subject.table.rows, strict=True):
        if not asked.cells or not row.built:
            continue
        settings = dict(subject.results.folder(asked.cells[0]).spec().model.settings)
        if settings.get("omega_0") is not None and settings.get("omega_i") is not None:
            found.setdefault((settings["omega_0"], settings["omega_i"]), row)
    return found


def _panel(
    axes: Axes, means: NDArray[np.float64], first: Sequence[float], other: Sequence[float], metric: MetricInfo
) -> None:
    scale = style.HEAT if metric.better == "higher" else f"{style.HEAT}_r"
    axes.set_facecolor("0.93")
    axes.patch.set(hatch="////", edgecolor="0.75")
    image = axes.imshow(means, cmap=scale, aspect="auto", origin="lower")
    colours = image.to_rgba(means)
    for (up, across), mean in np.ndenumerate(means):
        if math.isfinite(mean):
            red, green, blue = colours[up, across, :3]
            ink = "black" if 0.3 * red + 0.59 * green + 0.11 * blue > 0.5 else "white"
            axes.text(across, up, text.number(mean, metric), ha="center", va="center", color=ink, fontsize=8)
    axes.set_xticks(range(len(first)), [f"{one:g}" for one in first])
    axes.set_yticks(range(len(other)), [f"{one:g}" for one in other])
    axes.set(xlabel=r"$\omega_0$", ylabel=r"$\omega_i$", title=style.direction(metric))
