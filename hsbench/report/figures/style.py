"""One look for every figure: told apart by the colour-blind and in grey, with units on every axis.

Colours are those of Okabe and Ito (2008), without the yellow that white paper swallows; whatever has a colour also has
a line style, a marker or a hatch. Heat maps and spectrograms use scales whose lightness rises evenly.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from hsbench.report import text

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
"""Lightness rises evenly, and the colour-blind see the same scale."""
GREY = "0.45"
WIDTH = 7.2
"""Inches: the text of an A4 page."""

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
    """Inside, new figures have the house's fonts and lines."""
    return rc_context(_SETTINGS)


def sheet(height: float, width: float = WIDTH) -> Figure:
    """An empty figure of that size in inches, whose parts make room for each other."""
    return Figure(figsize=(width, height), layout="constrained")


def panels(count: int, height: float, columns: int = 3, **shared: Any) -> tuple[Figure, list[Axes]]:
    """A figure with `count` panels in rows of at most `columns`, each row `height` inches; what is left over is empty.

    Args:
        count: panels.
        height: inches of one row.
        columns: panels side by side.
        shared: sharex and sharey, as matplotlib has them.
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
    """A name as it is: a dollar sign in it begins no formula."""
    return name.replace("$", r"\$")


def heading(view: View, what: str) -> str:
    """First line of a figure: what it shows of which experiment, and under which budget and protocol."""
    corpora = " + ".join(view.corpora) or "no corpus at hand"
    title = f"{view.title}: {corpora}, budget {view.budget}, protocol {view.protocol}"
    return literal(f"{what}\n{title}")


def direction(metric: MetricInfo) -> str:
    """The metric with its unit, and which way is better: "SI-SNR (dB), higher is better"."""
    return f"{text.heading(metric)}, {metric.better} is better"


def plain_log(axis: Axis) -> None:
    """Plain numbers on a logarithmic axis, the more the less it spans: at powers of ten, at 1, 2 and 5, or closer."""
    low, high = axis.get_view_interval()
    wanted = (1, 2, 3, 4, 5, 7) if high < 6 * low else (1, 2, 5) if high < 150 * low else (1,)

    def shown(value: float, _position: float) -> str:
        lead = value / 10 ** math.floor(math.log10(value) + 1e-9)
        return f"{value:g}" if any(math.isclose(lead, one, rel_tol=1e-6) for one in wanted) else ""

    axis.set_major_formatter(FuncFormatter(shown))
    axis.set_minor_formatter(FuncFormatter(shown) if len(wanted) > 1 else NullFormatter())
