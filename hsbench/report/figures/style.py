"""Common style of all figures: readable for colour-blind readers and in grey, with units on every axis.

Colours are those of Okabe and Ito (2008), without the yellow, which is hard to see on white. Everything that has a
colour also has a line style, a marker or a hatch. Heat maps and spectrograms use scales of evenly rising lightness.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from hsbench.report import names, text

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

    from hsbench.metrics.base import MetricInfo
    from hsbench.results.view import View

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
STYLES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "----", "||||", "++++")
HEAT = "cividis"
"""Colour map whose lightness rises evenly and which looks the same to colour-blind readers."""
GREY = "0.45"
WIDTH = 7.2
"""Width of a figure in inches: that of the text on an A4 page."""

_SETTINGS: dict[Any, Any] = {
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.labelsize": 8.5,
    "legend.fontsize": 8,
    "figure.titlesize": 10,
    "axes.grid": False,
    "grid.color": "0.9",
    "grid.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "hatch.linewidth": 0.5,
    # Minor ticks are shorter than major ones; their numbers stand on the same line.
    "xtick.minor.pad": 5.0,
    "ytick.minor.pad": 5.0,
    "legend.frameon": False,
}


def applied() -> AbstractContextManager[None]:
    """Return a context manager in which new figures have the common fonts and lines."""
    return rc_context(_SETTINGS)


def sheet(height: float, width: float = WIDTH) -> Figure:
    """Return an empty figure of this size in inches; its layout keeps labels from overlapping."""
    return Figure(figsize=(width, height), layout="constrained")


def panels(count: int, height: float, columns: int = 3, **shared: Any) -> tuple[Figure, list[Axes]]:
    """Return a figure and its panels, filled row by row; places left over at the end are empty.

    Args:
        count: number of panels.
        height: height of one row of panels [inches].
        columns: largest number of panels side by side.
        shared: sharex and sharey, as in matplotlib's subplots.
    """
    across = min(count, columns)
    down = math.ceil(count / across)
    chart = sheet(0.5 + height * down)
    grid = chart.subplots(down, across, squeeze=False, **shared)
    flat = list(grid.flat)
    for spare in flat[count:]:
        spare.set_axis_off()
    return chart, flat[:count]


def literal(name: str) -> str:
    """Return a name with its dollar signs escaped, which would start a formula in matplotlib."""
    return name.replace("$", r"\$")


def label(name: str) -> str:
    """Return a name on one line, shortened where it is long, for an axis, a legend or a panel."""
    return literal(names.short(name))


def heading(view: View, what: str) -> str:
    """Return the heading of a figure: what it shows, then the experiment with corpora, budget and protocol.

    A third line names the training corpus, where it is not the scored one.
    """
    corpora = " + ".join(view.corpora) or "no corpus available"
    title = f"{view.title}: {corpora}, budget {view.budget}, protocol {view.protocol}"
    trained = f"\ntrained on {names.one_line(str(view.train_corpus))}" if view.train_corpus else ""
    return literal(f"{what}\n{title}{trained}")


def direction(metric: MetricInfo) -> str:
    """Return a metric with unit and direction: "SI-SNR (dB), higher is better"."""
    return f"{text.heading(metric)}, {metric.better} is better"


def plain_log(axis: Axis) -> None:
    """Label a logarithmic axis with plain numbers: at powers of ten, or closer where the axis spans little."""
    low, high = axis.get_view_interval()
    leading = (1, 2, 3, 4, 5, 7) if high < 6 * low else (1, 2, 5) if high < 150 * low else (1,)

    def shown(value: float, _position: float) -> str:
        digit = value / 10 ** math.floor(math.log10(value) + 1e-9)
        return f"{value:g}" if any(math.isclose(digit, labelled, rel_tol=1e-6) for labelled in leading) else ""

    axis.set_major_formatter(FuncFormatter(shown))
    axis.set_minor_formatter(FuncFormatter(shown) if len(leading) > 1 else NullFormatter())
