"""Common style of all figures: readable in print, in grey and for colour-blind readers, with units on every axis.

A figure is drawn for a place: the column of a paper or the width of a page. Fonts have their size at that width, so a
figure must not be scaled. A figure has no title of its own; its caption stands beside it. A single grey line above the
panels names the experiment, the corpora, the budget and the protocol, so that a figure that is shown without its
caption still says what was measured.
"""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hsbench.report import names, text
from hsbench.report.figures import palette

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

    from matplotlib.axes import Axes

    from hsbench.metrics.base import MetricInfo
    from hsbench.results.view import View

LINES: tuple[Literal["-", "--", "-.", ":"], ...] = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
INK = "#0b4f8a"
"""Colour of a figure whose rows are named beside what they show."""
HEAT = "cividis"
"""Colour map whose lightness rises evenly and which looks the same to colour-blind readers."""
GREY = "0.4"
FLOORS = {"silence": (0.0, (1.0, 2.0)), "noise": (0.0, (4.0, 1.5, 1.0, 1.5))}
"""What every model should beat -> dashes of the grey line that marks it [points]."""


@dataclass(frozen=True)
class Layout:
    """The place that a figure is drawn for.

    Attributes:
        name: name of the place, for file names.
        width: width of the figure [inches].
        font: size of all text [points].
        columns: largest number of panels side by side.
        letters: largest number of letters in a line that names a row beside a panel.
    """

    name: str
    width: float
    font: float
    columns: int
    letters: int

    def applied(self) -> AbstractContextManager[None]:
        """Return a context manager in which new figures have the common fonts and lines."""
        return rc_context(_settings(self.font))

    def sheet(self, height: float) -> Figure:
        """Return an empty figure of this height in inches; its layout keeps labels from overlapping."""
        return Figure(figsize=(self.width, height), layout="constrained")

    def lines(self, number: float) -> float:
        """Return the height of some lines of text [inches]."""
        return number * 1.35 * self.font / 72

    @property
    def letter(self) -> float:
        """Width of a letter, about 0.6 of the font size [inches]."""
        return 0.6 * self.font / 72

    @property
    def panel(self) -> float:
        """Height of a panel of values that are joined by lines [inches]."""
        return 0.5 + 0.39 * self.width / self.columns

    def across(self, count: int, columns: int | None = None) -> int:
        """Return the number of panels side by side with which the fewest places are left over.

        Args:
            count: number of panels.
            columns: largest number of panels side by side; None for that of the layout.
        """
        return math.ceil(count / math.ceil(count / (columns or self.columns)))

    def panels(self, count: int, height: float, columns: int | None = None, **shared: Any) -> tuple[Figure, list[Axes]]:
        """Return a figure and its panels, filled row by row; places left over at the end are empty.

        Args:
            count: number of panels.
            height: height of one row of panels [inches].
            columns: largest number of panels side by side; None for that of the layout.
            shared: sharex and sharey, as in matplotlib's subplots.
        """
        across = self.across(count, columns)
        down = math.ceil(count / across)
        chart = self.sheet(self.lines(2) + height * down)
        grid = chart.subplots(down, across, squeeze=False, **shared)
        flat = list(grid.flat)
        for spare in flat[count:]:
            spare.set_axis_off()
        return chart, flat[:count]

    def legend(self, chart: Figure, handles: Sequence[Any], labels: Sequence[str]) -> None:
        """Add a legend below the panels, in as many columns as the width has room for, and make room for it."""
        if not labels:
            return
        # A handle and the space around it take as much as five letters.
        widest = self.letter * (max(map(len, labels)) + 5)
        columns = max(1, min(len(labels), int(self.width / widest)))
        chart.set_figheight(chart.get_figheight() + self.lines(math.ceil(len(labels) / columns) + 0.5))
        chart.legend(handles, labels, loc="outside lower center", ncols=columns)


COLUMN = Layout("column", 8.5 / 2.54, 7.0, 2, 22)
"""The column of a paper, 8.5 cm."""

PAGE = Layout("page", 12.4, 9.0, 4, 32)
"""The width of a page on a screen, at 100 pixels per inch."""


def _settings(font: float) -> dict[Any, Any]:
    """Return the settings of matplotlib for a font size [points]."""
    return {
        "font.size": font,
        "axes.titlesize": font,
        "axes.labelsize": font,
        "xtick.labelsize": font,
        "ytick.labelsize": font,
        "legend.fontsize": font,
        "figure.titlesize": font,
        "axes.titlepad": 0.5 * font,
        "axes.labelpad": 0.3 * font,
        "axes.linewidth": 0.6,
        "axes.grid": False,
        "grid.color": "0.88",
        "grid.linewidth": 0.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "lines.linewidth": font / 7,
        "lines.markersize": 0.5 * font,
        "xtick.major.pad": 2.0,
        "ytick.major.pad": 2.0,
        # Minor ticks are shorter than major ones; their numbers stand on the same line.
        "xtick.minor.pad": 3.5,
        "ytick.minor.pad": 3.5,
        "legend.frameon": False,
        "legend.handlelength": 2.4,
        "legend.columnspacing": 1.2,
        "figure.constrained_layout.w_pad": 0.02,
        "figure.constrained_layout.h_pad": 0.03,
    }


@dataclass(frozen=True)
class Look:
    """How a series is drawn: its colour, marker and line style."""

    colour: str
    marker: str
    line: Literal["-", "--", "-.", ":"]


def looks(count: int) -> list[Look]:
    """Return the looks of the series of a figure; no two have the same colour."""
    return [
        Look(colour, MARKERS[index % len(MARKERS)], LINES[index % len(LINES)])
        for index, colour in enumerate(palette.colours(count))
    ]


def literal(name: str) -> str:
    """Return a name with its dollar signs escaped, which would start a formula in matplotlib."""
    return name.replace("$", r"\$")


def label(name: str) -> str:
    """Return a name on one line, shortened where it is long, for an axis, a legend or a panel."""
    return literal(names.short(name))


def folded(name: str, letters: int) -> str:
    """Return a name as lines of at most so many letters."""
    return literal(textwrap.fill(names.short(name), letters))


def head(chart: Figure, view: View) -> None:
    """Write the line above the panels: experiment, corpora, budget and protocol; below it another training corpus."""
    corpora = " + ".join(view.corpora) or "no corpus available"
    line = f"{view.experiment}: {corpora}, budget {view.budget}, protocol {view.protocol}"
    trained = f"\ntrained on {names.one_line(str(view.train_corpus))}" if view.train_corpus else ""
    chart.suptitle(literal(line + trained), x=0.01, ha="left", color=GREY)


def direction(metric: MetricInfo) -> str:
    """Return a metric with unit and direction: "SI-SNR (dB), higher is better"."""
    return f"{text.heading(metric)}, {metric.better} is better"


def blank(axes: Axes, why: str) -> None:
    """Write into an empty panel why it is empty."""
    axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", va="center", color=GREY, wrap=True)


def mark(axes: Axes, level: float, floor: str) -> None:
    """Draw a grey horizontal line at what silence or noise scores; `floor_handles` has its entry in the legend."""
    axes.axhline(level, color=GREY, linewidth=0.8, linestyle=FLOORS[floor], zorder=0)


def floor_handles(floors: Iterable[str]) -> dict[str, Line2D]:
    """Return name -> line of the legend, for silence and noise where they are among the names."""
    present = set(floors)
    return {
        name: Line2D([], [], color=GREY, linewidth=0.8, linestyle=dashes)
        for name, dashes in FLOORS.items()
        if name in present
    }
