"""Learning curves (training loss over training steps), as values and as a figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from hsbench.errors import IncompleteError
from hsbench.report.figures import style
from hsbench.report.figures.base import Drawn
from hsbench.report.figures.scales import spread_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hsbench.report.figures.base import Subject
    from hsbench.report.figures.style import Layout
    from hsbench.results.store import Results
    from hsbench.results.view import View

SMOOTHED = 11
"""Points of the running mean; a fit stores about a hundred points."""


@dataclass(frozen=True)
class Curve:
    """The learning curve of one fit.

    Attributes:
        name: name of the row, with the seed and the first clip where a row has several fits.
        row: name of the row.
        model: registered name of the model.
        points: lines of fit.jsonl in the order of steps: step, loss (None where it was not finite), lr, seconds.
        marks: "silence" and "noise" -> the loss that silence and level-matched noise would have, if it was measured.
    """

    name: str
    row: str
    model: str
    points: tuple[Mapping[str, Any], ...]
    marks: Mapping[str, float]


def curves(view: View, results: Results) -> list[Curve]:
    """Return every learning curve of a view; fits of clips that the view does not score are left out.

    Experiments share cells. A cell of individual fits holds those of every experiment, one fit per group of clips.

    Args:
        view: the view whose fits are wanted.
        results: the results folder that holds the cells of the view.

    Raises:
        IncompleteError: no fit of the view has a learning curve.
    """
    curves = []
    # A row on seen clips has the cells of the same row on held-out clips.
    held_out = {row.cells for row in view.rows if row.split != "train"}
    for row in view.rows:
        if row.split == "train" and row.cells in held_out:
            continue
        own = {"", *view.corpus(row).clips}
        for seed, cell in enumerate(row.cells):
            folder = results.folder(cell)
            fits: dict[str, dict[int, Mapping[str, Any]]] = {}
            for point in folder.curve():
                if (first := point.get("first", "")) in own:
                    fits.setdefault(first, {})[point["step"]] = point
            facts = folder.fit()
            marks = {key: facts[f"loss_{key}"] for key in style.FLOORS if facts.get(f"loss_{key}") is not None}
            for first, points in fits.items():
                parts = [row.name, *([f"seed {seed}"] if seed else []), *([f"from {first}"] if len(fits) > 1 else [])]
                ordered = tuple(points[step] for step in sorted(points))
                curves.append(Curve(" ".join(parts), row.name, row.model, ordered, marks))
    if not curves:
        raise IncompleteError(f"{view.experiment} has no learning curve yet; run it, or choose another experiment.")
    return curves


def draw(subject: Subject) -> Drawn | str:
    """Draw the learning curves, or return a sentence where there are none."""
    try:
        return drawn(subject.view, subject.results, subject.layout)
    except IncompleteError:
        return "Learning curves: no fit of this experiment has one."


def drawn(view: View, results: Results, layout: Layout = style.COLUMN) -> Drawn:
    """Draw the learning curves of a view.

    Args:
        view: the view whose fits are drawn.
        results: the results folder that holds the cells of the view.
        layout: the place that the figure is drawn for.

    Raises:
        IncompleteError: no fit of the view has a learning curve.
    """
    lines = curves(view, results)
    models = {curve.model for curve in lines}
    caption = (
        "Training loss over training steps. Faint: the loss of single steps of each fit; strong: the mean of the fits "
        f"of a row, averaged over {SMOOTHED} points of the curve. Fits of clips that this experiment does not score "
        "are left out."
    )
    if any(curve.marks for curve in lines):
        caption += " Grey: the loss that silence, or noise at the level of the clips, would have."
    if len(models) > 1:
        caption += " The models are trained with different losses, whose values must not be compared across panels."
    with layout.applied():
        return Drawn("curves", "Learning curves", caption, figure(view, lines, layout))


def figure(view: View, curves: Sequence[Curve], layout: Layout = style.COLUMN) -> Figure:
    """Draw loss over training steps, with one panel per model and one line per row.

    The loss of a single step depends on the crops that it drew, so a running mean over SMOOTHED points is drawn over
    faint lines of the points themselves.

    Args:
        view: the view that the line above the panels names.
        curves: the learning curves.
        layout: the place that the figure is drawn for.
    """
    models = list(dict.fromkeys(curve.model for curve in curves))
    rows = list(dict.fromkeys(curve.row for curve in curves))
    looks = dict(zip(rows, style.looks(len(rows)), strict=True))
    chart, panels = layout.panels(len(models), layout.panel + 0.4)
    for axes, model in zip(panels, models, strict=True):
        own = [curve for curve in curves if curve.model == model]
        for row in dict.fromkeys(curve.row for curve in own):
            _row(axes, [curve for curve in own if curve.row == row], looks[row])
        _finish(axes, own)
        axes.set_title(style.label(model))
    style.head(chart, view)
    handles = [Line2D([], [], color=look.colour, linestyle=look.line) for look in looks.values()]
    floors = style.floor_handles(key for curve in curves for key in curve.marks)
    layout.legend(chart, [*handles, *floors.values()], [*map(style.label, rows), *floors])
    return chart


def _row(axes: Axes, fits: Sequence[Curve], look: style.Look) -> None:
    """Draw the fits of one row faintly, and the running mean over all of them."""
    losses: dict[int, list[float]] = {}
    for fit in fits:
        finite = [(point["step"], point["loss"]) for point in fit.points if point["loss"] is not None]
        axes.plot(*zip(*finite, strict=True) if finite else ([], []), color=look.colour, linewidth=0.4, alpha=0.3)
        for step, loss in finite:
            losses.setdefault(step, []).append(loss)
    steps = sorted(losses)
    means = [sum(losses[step]) / len(losses[step]) for step in steps]
    axes.plot(steps, running_mean(means), look.line, color=look.colour, label=style.label(fits[0].row))


def _finish(axes: Axes, curves: Sequence[Curve]) -> None:
    """Scale and label the axes of a panel and mark silence and noise."""
    axes.set(xlabel="training step", ylabel="training loss")
    losses = [point["loss"] for curve in curves for point in curve.points if point["loss"] is not None]
    if not losses:
        style.blank(axes, "no loss was finite")
        return
    levels = _levels(curves)
    spread_out(axes.yaxis, [*losses, *levels.values()], factor=1.0)
    for floor, level in levels.items():
        style.mark(axes, level, floor)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.grid(visible=True)


def _levels(curves: Sequence[Curve]) -> dict[str, float]:
    """Return the losses of silence and of noise, as far as they are the same for all fits."""
    found = {key: {round(curve.marks[key], 3) for curve in curves if key in curve.marks} for key in style.FLOORS}
    return {key: levels.pop() for key, levels in found.items() if len(levels) == 1}


def running_mean(values: Sequence[float]) -> list[float]:
    """Return the mean over the SMOOTHED points around each point, fewer at the ends: [points] -> [points]."""
    half = SMOOTHED // 2
    spans = (values[max(0, index - half) : index + half + 1] for index in range(len(values)))
    return [sum(span) / len(span) for span in spans]
