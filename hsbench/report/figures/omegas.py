"""Heat maps over the frequencies of a SIREN: omega_0 across, omega_i upwards, one panel per metric."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LogNorm, Normalize

from hsbench.report import text
from hsbench.report.figures import series, style
from hsbench.report.figures.base import Drawn
from hsbench.report.figures.scales import DECADES
from hsbench.spec import freeze

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hsbench.metrics.base import MetricInfo
    from hsbench.report.figures.base import Subject
    from hsbench.report.table import TableRow

    Pair = tuple[float, float]

DIGITS = 6
"""Largest number of letters of a number in a field."""


def draw(subject: Subject) -> Drawn | str:
    """Draw the mean of each metric by omega_0 and omega_i, if rows of one network differ in both."""
    grids = _grids(subject)
    rows = [row for grid in grids.values() for row in grid.values()]
    pairs = {pair for grid in grids.values() for pair in grid}
    if any(len({pair[axis] for pair in pairs}) < 2 for axis in (0, 1)):
        return "Omegas: no network has rows with different omega_0 and rows with different omega_i."
    metrics, layout = subject.table.metrics, subject.layout
    if all(row.entries[metric.name].summary.mean is None for row in rows for metric in metrics):
        return "Omegas: no row of this experiment has a score."
    omegas_0, omegas_i = (sorted({pair[axis] for pair in pairs}) for axis in (0, 1))
    wanted = [(metric, split) for metric in metrics for split in grids]
    # A field holds a number of up to six letters; the numbers of the axis beside them take as many.
    columns = int(layout.width / (layout.letter * DIGITS * (len(omegas_0) + 1)))
    height = layout.lines(4 + len(grids) + 2 * len(omegas_i))
    chart, panels = layout.panels(len(wanted), height, min(layout.columns, max(1, columns)))
    for axes, (metric, split) in zip(panels, wanted, strict=True):
        means = np.full((len(omegas_i), len(omegas_0)), math.nan)
        for (omega_0, omega_i), row in grids[split].items():
            mean = row.entries[metric.name].summary.mean
            means[omegas_i.index(omega_i), omegas_0.index(omega_0)] = math.nan if mean is None else mean
        clips = f"\n{text.KINDS.get(split, split)} clips" if len(grids) > 1 else ""
        axes.set_title(style.direction(metric) + clips)
        if np.isfinite(means).any():
            _panel(axes, means, omegas_0, omegas_i, metric)
        else:
            style.blank(axes, series.why_empty(grids[split].values(), metric))
    style.head(chart, subject.view)
    caption = (
        f"Mean over {subject.sound}. Across: omega_0, the frequency of the first layer; upwards: omega_i, the "
        "frequency of the other layers. Hatched: not run. The light end of each scale is the better one."
    )
    return Drawn("omegas", "Omega grid", caption, chart)


def _grids(subject: Subject) -> dict[str, dict[Pair, TableRow]]:
    """Return split of the clips -> (omega_0, omega_i) -> the first row with that pair.

    Only rows whose models are the same in all other settings belong into one picture: those of the model with the most
    pairs.
    """
    networks: dict[object, dict[str, dict[Pair, TableRow]]] = {}
    for view_row, row in subject.rows:
        folder = subject.results.folder(view_row.cells[0]) if view_row.cells else None
        if folder is None or not row.built or not folder.exists():
            continue
        model = folder.spec().model
        settings = dict(model.settings)
        pair = settings.pop("omega_0", None), settings.pop("omega_i", None)
        if None not in pair:
            network = model.name, freeze(settings)
            networks.setdefault(network, {}).setdefault(row.split, {}).setdefault(pair, row)
    return max(networks.values(), key=lambda grids: sum(map(len, grids.values())), default={})


def _panel(
    axes: Axes, means: NDArray[np.float64], omegas_0: Sequence[float], omegas_i: Sequence[float], metric: MetricInfo
) -> None:
    """Draw the means [omega_i, omega_0]; their scale is logarithmic where positive means span decades."""
    axes.set_facecolor("0.93")
    axes.patch.set(hatch="////", edgecolor="0.75")
    low, high = np.nanmin(means), np.nanmax(means)
    norm = LogNorm(low, high) if low > 0 and high > DECADES * low else Normalize(low, high)
    scale = style.HEAT if metric.better == "higher" else f"{style.HEAT}_r"
    image = axes.imshow(means, cmap=scale, norm=norm, aspect="auto", origin="lower")
    colours = image.to_rgba(means)
    for (up, across), mean in np.ndenumerate(means):
        if math.isfinite(mean):
            red, green, blue = colours[up, across, :3]
            # The luminance of the colour (Rec. 601 weights) decides between black and white digits.
            ink = "black" if 0.3 * red + 0.59 * green + 0.11 * blue > 0.5 else "white"
            axes.text(across, up, text.number(mean, metric), ha="center", va="center", color=ink)
    axes.set_xticks(range(len(omegas_0)), [f"{omega:g}" for omega in omegas_0])
    axes.set_yticks(range(len(omegas_i)), [f"{omega:g}" for omega in omegas_i])
    axes.set(xlabel=r"$\omega_0$", ylabel=r"$\omega_i$")
