"""Learning curves of a table's rows, as values and as a figure."""

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
"""Points of a curve that a running mean takes; a fit keeps about a hundred."""


@dataclass(frozen=True)
class Curve:
    """One fit's curve.

    Attributes:
        name: row, and what tells the fits of one row apart.
        points: rows of fit.jsonl in the order of steps: step, loss (None where it was not finite), lr, seconds.
        marks: what the loss of silence and of level-matched noise would be, where the training was judged.
    """

    name: str
    points: tuple[Mapping[str, Any], ...]
    marks: Mapping[str, float]


def curves(view: View, results: Results) -> list[Curve]:
    """Return every learning curve of one view.

    Raises:
        IncompleteError: no fit of it has left any.
    """
    found = []
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
                found.append(Curve(" ".join(parts), tuple(points[step] for step in sorted(points)), marks))
    if not found:
        raise IncompleteError(f"{view.experiment} has no learning curve yet; run it, or choose another.")
    return found


def draw(subject: Subject) -> Drawn | str:
    """The learning curves, or a sentence where there are none."""
    try:
        return drawn(subject.view, subject.results)
    except IncompleteError:
        return "Learning curves: no fit of this experiment has left one."


def drawn(view: View, results: Results) -> Drawn:
    """Draw the learning curves of one view.

    Raises:
        IncompleteError: no fit of it has left any.
    """
    found = curves(view, results)
    caption = (
        f"Training loss over steps, one line per fit: the loss of each step faintly, its running mean over {SMOOTHED} "
        "points of the curve in full."
    )
    if any(curve.marks for curve in found):
        caption += " Dotted: what silence, or noise of the clips' level, would cost where a training was judged by it."
    if len({row.model for row in view.rows}) > 1:
        caption += " The models are trained by losses of their own, whose heights do not compare."
    with style.applied():
        return Drawn("curves", "Learning curves", caption, figure(view, found))


def figure(view: View, found: Sequence[Curve]) -> Figure:
    """Loss over steps, one line per fit; what silence and noise would cost is marked where all fits agree on it.

    A step's loss depends on the crops it drew, so the line is a running mean over SMOOTHED points of the curve, before
    a faint one of the points themselves.
    """
    chart = style.sheet(4.3 + 0.1 * max(0, len(found) - 8))
    axes = chart.add_subplot()
    for index, curve in enumerate(found):
        steps = [point["step"] for point in curve.points if point["loss"] is not None]
        losses = [point["loss"] for point in curve.points if point["loss"] is not None]
        line = style.STYLES[index % len(style.STYLES)]
        colour = style.COLOURS[index % len(style.COLOURS)]
        axes.plot(steps, losses, color=colour, linewidth=0.5, alpha=0.25)
        axes.plot(steps, running_mean(losses), line, color=colour, label=style.literal(curve.name), linewidth=1.5)
    _mark(axes, found)
    axes.set(xlabel="training step", ylabel="training loss", yscale="log")
    axes.yaxis.set_major_formatter(FormatStrFormatter("%.3g"))
    axes.yaxis.set_minor_formatter(FormatStrFormatter("%.3g") if _narrow(axes.get_ylim()) else NullFormatter())
    axes.grid(visible=True)
    chart.suptitle(style.heading(view, "Learning curves"))
    chart.legend(loc="outside lower center", ncols=3)
    return chart


def _mark(axes: Axes, found: Sequence[Curve]) -> None:
    """A dotted line where silence and noise stand, named at its end."""
    for key in ("silence", "noise"):
        levels = {round(curve.marks[key], 3) for curve in found if key in curve.marks}
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
    """Mean over the SMOOTHED points around each, fewer at the ends: [points] -> [points]."""
    half = SMOOTHED // 2
    spans = (values[max(0, index - half) : index + half + 1] for index in range(len(values)))
    return [sum(span) / len(span) for span in spans]


def _narrow(limits: tuple[float, float]) -> bool:
    """Whether an axis holds less than a decade, so that its minor ticks need numbers."""
    return limits[1] < 10 * limits[0]
