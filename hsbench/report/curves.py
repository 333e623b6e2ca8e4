"""Learning curves of a table's rows: as values, as a figure, and as TensorBoard event files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.errors import BackendMissingError, IncompleteError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.figure import Figure

    from hsbench.run.store import Results

STYLES = ("-", "--", "-.", ":")
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Okabe and Ito 2008: told apart by the colour-blind; the line styles, in grey."""


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


def curves(request: Mapping[str, Any], results: Results) -> list[Curve]:
    """Every learning curve of one group of an experiment.

    Raises:
        IncompleteError: no fit of it has left any.
    """
    found = []
    for row in request["rows"]:
        for seed, name in enumerate(row["cells"]):
            folder = results.folder(name)
            fits: dict[str, dict[int, Mapping[str, Any]]] = {}
            for point in folder.curve():
                fits.setdefault(point.get("first", ""), {})[point["step"]] = point
            facts = folder.fit()
            marks = {key: facts[f"loss_{key}"] for key in ("silence", "noise") if facts.get(f"loss_{key}") is not None}
            for first, points in fits.items():
                parts = [row["row"], *([f"seed {seed}"] if seed else []), *([f"from {first}"] if len(fits) > 1 else [])]
                found.append(Curve(" ".join(parts), tuple(points[step] for step in sorted(points)), marks))
    if not found:
        raise IncompleteError(f"{request['experiment']} has no learning curve yet; run it, or choose another.")
    return found


def figure(request: Mapping[str, Any], drawn: Sequence[Curve]) -> Figure:
    """Loss over steps, one line per fit; what silence and noise would cost is marked where all fits agree on it.

    A step's loss depends on the crops it drew, so the line is a running mean over SMOOTHED points of the curve, before
    a faint one of the points themselves.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import FormatStrFormatter, NullFormatter

    chart = Figure(figsize=(7, 4.3), layout="constrained")
    axes = chart.add_subplot()
    for index, curve in enumerate(drawn):
        steps = [point["step"] for point in curve.points if point["loss"] is not None]
        losses = [point["loss"] for point in curve.points if point["loss"] is not None]
        style, colour = STYLES[index // len(COLOURS) % len(STYLES)], COLOURS[index % len(COLOURS)]
        axes.plot(steps, losses, color=colour, linewidth=0.5, alpha=0.25)
        axes.plot(steps, running_mean(losses), style, color=colour, label=curve.name, linewidth=1.5)
    for key in ("silence", "noise"):
        levels = {round(curve.marks[key], 3) for curve in drawn if key in curve.marks}
        if len(levels) == 1:
            level = levels.pop()
            axes.axhline(level, color="0.45", linewidth=0.8, linestyle=(0, (1, 2)))
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
    axes.set(xlabel="step", ylabel="training loss", yscale="log")
    axes.yaxis.set_major_formatter(FormatStrFormatter("%.3g"))
    axes.yaxis.set_minor_formatter(FormatStrFormatter("%.3g") if _narrow(axes.get_ylim()) else NullFormatter())
    axes.set_title(f"{request['title']}: budget {request['budget']}, protocol {request['protocol']}", fontsize=10)
    axes.grid(color="0.9", linewidth=0.6)
    axes.legend(fontsize=8, ncols=2, frameon=False)
    return chart


def running_mean(values: Sequence[float]) -> list[float]:
    """Mean over the SMOOTHED points around each, fewer at the ends: [points] -> [points]."""
    half = SMOOTHED // 2
    spans = (values[max(0, index - half) : index + half + 1] for index in range(len(values)))
    return [sum(span) / len(span) for span in spans]


def _narrow(limits: tuple[float, float]) -> bool:
    """Whether an axis holds less than a decade, so that its minor ticks need numbers."""
    return limits[1] < 10 * limits[0]


def save_figure(request: Mapping[str, Any], results: Results, output: Path, stem: str) -> list[Path]:
    """Write the figure as PNG (200 dots an inch) and PDF; the paths."""
    output.mkdir(parents=True, exist_ok=True)
    chart, paths = figure(request, curves(request, results)), []
    for suffix in ("png", "pdf"):
        paths.append(output / f"curves-{stem}.{suffix}")
        chart.savefig(paths[-1], dpi=200)
    return paths


def save_events(request: Mapping[str, Any], results: Results, output: Path, stem: str) -> list[Path]:
    """Write one TensorBoard run per fit below output/stem: scalars loss and lr over steps; the folders.

    Raises:
        BackendMissingError: the package tensorboard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise BackendMissingError(
            f"TensorBoard files need the package tensorboard ({error}); install it with: "
            'pip install "hsbench[tensorboard]"'
        ) from error
    folders = []
    for curve in curves(request, results):
        folder = output / stem / curve.name.replace("/", "-").replace(" ", "_")
        with SummaryWriter(str(folder)) as writer:
            for point in curve.points:
                for key in ("loss", "lr"):
                    if point[key] is not None:
                        writer.add_scalar(key, point[key], point["step"])
        folders.append(folder)
    return folders
