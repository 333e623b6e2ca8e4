"""Heat maps over the frequencies of a SIREN: omega_0 across, omega_i upwards, one panel per metric."""

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
    """Draw the mean of each metric by omega_0 and omega_i, if at least two rows differ in them."""
    rows = _rows(subject)
    if len(rows) < 2:
        return "Omegas: fewer than two rows with different omega_0 and omega_i."
    metrics = [
        metric
        for metric in subject.table.metrics
        if any(row.entries[metric.name].summary.mean is not None for row in rows.values())
    ]
    if not metrics:
        return "Omegas: no row of this experiment has a score."
    omegas_0, omegas_i = (sorted({pair[axis] for pair in rows}) for axis in (0, 1))
    chart, panels = style.panels(len(metrics), 0.75 + 0.42 * len(omegas_i), 2)
    for axes, metric in zip(panels, metrics, strict=True):
        means = np.full((len(omegas_i), len(omegas_0)), math.nan)
        for (omega_0, omega_i), row in rows.items():
            mean = row.entries[metric.name].summary.mean
            means[omegas_i.index(omega_i), omegas_0.index(omega_0)] = math.nan if mean is None else mean
        _panel(axes, means, omegas_0, omegas_i, metric)
    chart.suptitle(style.heading(subject.view, "Mean of each metric by omega"))
    caption = (
        f"Mean over {subject.sound}. Across: omega_0, the frequency of the first layer; upwards: omega_i, the "
        "frequency of the other layers. Hatched: not run. The light end of each scale is the better one."
    )
    return Drawn("omegas", "Omega grid", caption, chart)


def _rows(subject: Subject) -> dict[Pair, TableRow]:
    """Return (omega_0, omega_i) -> the first row with that pair."""
    rows: dict[Pair, TableRow] = {}
    for view_row, row in zip(subject.view.rows, subject.table.rows, strict=True):
        folder = subject.results.folder(view_row.cells[0]) if view_row.cells else None
        if folder is None or not row.built or not folder.exists():
            continue
        settings = dict(folder.spec().model.settings)
        if settings.get("omega_0") is not None and settings.get("omega_i") is not None:
            rows.setdefault((settings["omega_0"], settings["omega_i"]), row)
    return rows


def _panel(
    axes: Axes, means: NDArray[np.float64], omegas_0: Sequence[float], omegas_i: Sequence[float], metric: MetricInfo
) -> None:
    scale = style.HEAT if metric.better == "higher" else f"{style.HEAT}_r"
    axes.set_facecolor("0.93")
    axes.patch.set(hatch="////", edgecolor="0.75")
    image = axes.imshow(means, cmap=scale, aspect="auto", origin="lower")
    colours = image.to_rgba(means)
    for (up, across), mean in np.ndenumerate(means):
        if math.isfinite(mean):
            red, green, blue = colours[up, across, :3]
            # The luminance of the colour (Rec. 601 weights) decides between black and white digits.
            ink = "black" if 0.3 * red + 0.59 * green + 0.11 * blue > 0.5 else "white"
            axes.text(across, up, text.number(mean, metric), ha="center", va="center", color=ink, fontsize=8)
    axes.set_xticks(range(len(omegas_0)), [f"{omega:g}" for omega in omegas_0])
    axes.set_yticks(range(len(omegas_i)), [f"{omega:g}" for omega in omegas_i])
    axes.set(xlabel=r"$\omega_0$", ylabel=r"$\omega_i$", title=style.direction(metric))
