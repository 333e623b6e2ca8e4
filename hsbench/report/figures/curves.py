"""Learning curves (training loss over training steps), as values and as a figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import FormatStrFormatter, NullFormatter

from hsbench.errors import IncompleteError
from hsbench.report.figures import style
from hsbench.report.figures.base import Drawn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hsbench.report.figures.base import Subject
    from hsbench.results.store import Results
    from hsbench.results.view import View

SMOOTHED = 11
"""Points of the running mean; a fit stores about a hundred points."""


@dataclass(frozen=True)
class Curve:
    """The learning curve of one fit.

    Attributes:
        name: name of the row, with the seed and the first clip where a row has several fits.
        points: lines of fit.jsonl in the order of steps: step, loss (None where it was not finite), lr, seconds.
        marks: "silence" and "noise" -> the loss that silence and level-matched noise would have, if it was measured.
    """

    name: str
    points: tuple[Mapping[str, Any], ...]
    marks: Mapping[str, float]


def curves(view: View, results: Results) -> list[Curve]:
    """Return every learning curve of a view.

    Args:
        view: the view whose fits are wanted.
        results: the results folder that holds the cells of the view.

    Raises:
        IncompleteError: no fit of the view has a learning curve.
    """
    curves = []
    for row in view.rows:
        for seed, cell in enumerate(row.cells):
            folder = results.folder(cell)
            fits: dict[str, dict[int, Mapping[str, Any]]] = {}
            for point in folder.curve():
                fits.setdefault(point.get("first", ""), {})[point["step"]] = point
            facts = folder.fit()
            marks = {key: facts[f"loss_{key}"] for key in ("silence", "noise") if facts.get(f"loss_{key}") is not None}
            for first, points in fits.items():
                parts = [row.name, *([f"seed {seed}"] if seed else []), *([f"from {first}"] if len(fits) > 1 else [])]
                curves.append(Curve(" ".join(parts), tuple(points[step] for step in sorted(points)), marks))
    if not curves:
        raise IncompleteError(f"{view.experiment} has no learning curve yet; run it, or choose another experiment.")
    return curves


def draw(subject: Subject) -> Drawn | str:
    """Draw the learning curves, or return a sentence where there are none."""
    try:
        return drawn(subject.view, subject.results)
    except IncompleteError:
        return "Learning curves: no fit of this experiment has one."


def drawn(view: View, results: Results) -> Drawn:
    """Draw the learning curves of a view.

    Args:
        view: the view whose fits are drawn.
        results: the results folder that holds the cells of the view.

    Raises:
        IncompleteError: no fit of the view has a learning curve.
    """
    lines = curves(view, results)
    caption = (
        "Training loss over training steps, one line per fit. Faint: the loss of single steps; strong: the running "
        f"mean over {SMOOTHED} points of the curve."
    )
    if any(curve.marks for curve in lines):
        caption += " Dotted: the loss that silence, or noise at the level of the clips, would have."
    if len({row.model for row in view.rows}) > 1:
        caption += " The models are trained with different losses, whose values must not be compared."
    with style.applied():
        return Drawn("curves", "Learning curves", caption, figure(view, lines))


def figure(view: View, curves: Sequence[Curve]) -> Figure:
    """Draw loss over training steps, one line per fit; the losses of silence and noise are marked where all fits agree.

    The loss of a single step depends on the crops that it drew, so a running mean over SMOOTHED points is drawn over a
    faint line of the points themselves.

    Args:
        view: the view that the heading names.
        curves: the learning curves.
    """
    chart = style.sheet(4.3 + 0.1 * max(0, len(curves) - 8))
    axes = chart.add_subplot()
    for index, curve in enumerate(curves):
        steps = [point["step"] for point in curve.points if point["loss"] is not None]
        losses = [point["loss"] for point in curve.points if point["loss"] is not None]
        line = style.STYLES[index % len(style.STYLES)]
        colour = style.COLOURS[index % len(style.COLOURS)]
        axes.plot(steps, losses, color=colour, linewidth=0.5, alpha=0.25)
        axes.plot(steps, running_mean(losses), line, color=colour, label=style.label(curve.name), linewidth=1.5)
    _mark(axes, curves)
    axes.set(xlabel="training step", ylabel="training loss", yscale="log")
    axes.yaxis.set_major_formatter(FormatStrFormatter("%.3g"))
    axes.yaxis.set_minor_formatter(FormatStrFormatter("%.3g") if _narrow(axes.get_ylim()) else NullFormatter())
    axes.grid(visible=True)
    chart.suptitle(style.heading(view, "Learning curves"))
    chart.legend(loc="outside lower center", ncols=3)
    return chart


def _mark(axes: Axes, curves: Sequence[Curve]) -> None:
    """Draw a dotted line, with its name, at the losses of silence and of noise."""
    for key in ("silence", "noise"):
        levels = {round(curve.marks[key], 3) for curve in curves if key in curve.marks}
        if len(levels) == 1:
            level = levels.pop()
            axes.axhline(level, color=style.GREY, linewidth=0.8, linestyle=(0, (1, 2)))
            axes.annotate(
                key,
                (1, level),
                xycoords=("axes fraction", "data"),
                xytext=(3, -3),
                color="0.3",
                textcoords="offset points",
                fontsize=8,
                annotation_clip=False,
            )


def running_mean(values: Sequence[float]) -> list[float]:
    """Return the mean over the SMOOTHED points around each point, fewer at the ends: [points] -> [points]."""
    half = SMOOTHED // 2
    spans = (values[max(0, index - half) : index + half + 1] for index in range(len(values)))
    return [sum(span) / len(span) for span in spans]


def _narrow(limits: tuple[float, float]) -> bool:
    """Return whether an axis spans less than a decade, so that its minor ticks need numbers."""
    return limits[1] < 10 * limits[0]
