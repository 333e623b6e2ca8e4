"""Progress of individual fits: SI-SNR over the steps of a fit, and over the operations that they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from hsbench.analysis.progress import progress
from hsbench.report.figures import style
from hsbench.report.figures.base import Drawn
from hsbench.report.figures.curves import running_mean
from hsbench.report.figures.scales import plain_log

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hsbench.report.figures.base import Subject
    from hsbench.report.table import TableRow
    from hsbench.results.view import ViewRow

LOWEST = -10.0
"""Lowest SI-SNR that is shown [dB]; below it the values of different clips say nothing."""


@dataclass(frozen=True, eq=False)
class Line:
    """The progress of a row.

    Attributes:
        name: name of the row.
        steps: [points], recorded steps.
        values: [3, points], lower quartile, mean and upper quartile of the SI-SNR over clips and seeds [dB].
        step_operations: operations of one step of one clip's fit; None where the model does not count them.
    """

    name: str
    steps: NDArray[np.float64]
    values: NDArray[np.float64]
    step_operations: float | None


def draw(subject: Subject) -> Drawn | str | None:
    """Draw the progress of every row that is fitted in steps; experiments ask for it by the column steps_to_20_db."""
    if "steps_to_20_db" not in subject.view.columns:
        return None
    lines = [line for view_row, row in subject.rows if (line := _line(subject, view_row, row)) is not None]
    if not lines:
        return "Progress: no fit of this experiment has recorded its SI-SNR."
    looks = dict(zip((line.name for line in lines), style.looks(len(lines)), strict=True))
    chart, (by_step, by_cost) = subject.layout.panels(2, subject.layout.panel + 0.6, sharey=True)
    _panel(by_step, lines, looks, [line.steps for line in lines], "training step")
    counted = [line for line in lines if line.step_operations is not None]
    costs = [1e-9 * (line.step_operations or 0.0) * (line.steps + 1) for line in counted]
    _panel(by_cost, counted, looks, costs, "Gflop of the fit of a clip")
    by_step.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    by_step.set_ylabel("SI-SNR (dB)")
    if counted:
        by_cost.set_xscale("log")
        plain_log(by_cost.xaxis)
    style.head(chart, subject.view)
    handles = [Line2D([], [], color=look.colour, linestyle=look.line) for look in looks.values()]
    subject.layout.legend(chart, handles, [style.label(name) for name in looks])
    return Drawn("progress", "SI-SNR during the fits", _caption(subject), chart)


def _line(subject: Subject, view_row: ViewRow, row: TableRow) -> Line | None:
    """Return the progress of a row; None where its fits recorded no SI-SNR."""
    clips = set(subject.view.corpus(view_row).clips)
    found: dict[int, list[float]] = {}
    for cell in view_row.cells:
        for step, values in progress(subject.results.folder(cell), clips).items():
            found.setdefault(step, []).extend(values.values())
    if not found:
        return None
    steps = sorted(found)
    low, high = (np.array([np.percentile(found[step], share) for step in steps]) for share in (25, 75))
    mean = np.array([np.mean(found[step]) for step in steps])
    smooth = np.array([running_mean(values.tolist()) for values in (low, mean, high)])
    return Line(row.name, np.array(steps, dtype=np.float64), smooth, row.costs.step_operations)


def _panel(
    axes: Axes,
    lines: Sequence[Line],
    looks: Mapping[str, style.Look],
    places: Sequence[NDArray[np.float64]],
    label: str,
) -> None:
    """Draw each line with a band between its quartiles."""
    for line, across in zip(lines, places, strict=True):
        look = looks[line.name]
        low, mean, high = np.maximum(line.values, LOWEST)
        axes.fill_between(across, low, high, color=look.colour, alpha=0.1, linewidth=0)
        axes.plot(across, mean, look.line, color=look.colour)
    axes.set_xlabel(label)
    axes.grid(visible=True)


def _caption(subject: Subject) -> str:
    return (
        f"SI-SNR at the coordinates of each recorded step, before its update: mean over {subject.sound}; band: between "
        f"the quartiles over clips. Left: over steps; right: over the operations of the fit so far. Both are averaged "
        f"over neighbouring points; values below {LOWEST:g} dB are drawn at {LOWEST:g} dB."
    )
