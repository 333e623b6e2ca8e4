"""Quality against the frequency of the first layer, with one line per family of individual INRs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from matplotlib.lines import Line2D

from hsbench import registry
from hsbench.errors import HsbenchError
from hsbench.report.figures import series, style
from hsbench.report.figures.base import Drawn

if TYPE_CHECKING:
    from hsbench.report.figures.base import Subject
    from hsbench.report.table import TableRow
    from hsbench.results.view import ViewRow
    from hsbench.spec import Cell

    Points = list[tuple[float, TableRow]]


def draw(subject: Subject) -> Drawn | str | None:
    """Draw each metric over the first layer's frequency, where families of a view have rows at several of them."""
    if "steps_to_20_db" not in subject.view.columns:
        return None
    families = {name: sorted(points, key=lambda point: point[0]) for name, points in _families(subject).items()}
    several = {name: points for name, points in families.items() if len({hz for hz, _ in points}) > 1}
    if not several:
        return None
    metrics = subject.table.metrics
    looks = dict(zip(several, style.looks(len(several)), strict=True))
    chart, panels = subject.layout.panels(len(metrics), subject.layout.panel + 0.6, sharex=True)
    for axes, metric in zip(panels, metrics, strict=True):
        for name, points in several.items():
            shown = [point for point in points if point[1].entries[metric.name].summary.mean is not None]
            series.draw(axes, [hz for hz, _ in shown], [row for _, row in shown], metric, looks[name], joined=True)
        axes.set_xscale("log")
        series.finish(axes, subject.rows, metric)
    series.label_below(panels, subject.layout, "first layer (Hz)")
    style.head(chart, subject.view)
    handles = [Line2D([], [], color=look.colour, marker=look.marker, linestyle=look.line) for look in looks.values()]
    subject.layout.legend(chart, handles, [style.label(name) for name in looks])
    caption = (
        f"Mean over {subject.sound} with its 95 % interval, over the frequency that the settings of the first layer "
        "state: the highest one of a sine network with weights up to 1, the scale of WINNER's noise, one standard "
        "deviation of random Fourier features, the highest frequency of other encodings. Rows without a score are left "
        "out."
    )
    return Drawn("first-layer", "Frequency of the first layer", caption, chart)


def _families(subject: Subject) -> dict[str, Points]:
    """Return family -> its rows with their frequencies [Hz].

    Rows belong to one family if their names differ in the frequency alone, such as "SIREN 430Hz" and "SIREN 860Hz".
    """
    families: dict[str, Points] = {}
    for view_row, row in series.costed(subject.rows):
        name, _, last = row.name.rpartition(" ")
        hz = _hertz(subject, view_row) if last.endswith("Hz") else None
        if name and hz is not None:
            families.setdefault(name, []).append((hz, row))
    return families


def _hertz(subject: Subject, view_row: ViewRow) -> float | None:
    """Return the frequency of the first layer of a row's cell; None where its settings state none."""
    try:
        cell = subject.results.folder(view_row.cells[0]).spec()
        return first_hz(cell)
    except (HsbenchError, IndexError, KeyError, TypeError, ValueError):
        return None


def first_hz(cell: Cell) -> float | None:
    """Return the frequency that the settings of a cell state for its first layer [Hz]; None for other models.

    Raises:
        UnknownNameError: no model of that name is registered.
    """
    descriptor = registry.model(cell.model.name)
    settings = descriptor.model_settings(dict(cell.model.settings))
    stated = [settings[target] for target in descriptor.in_hz.values() if settings.get(target) is not None]
    if settings.get("encoding_length") is not None:
        stated = [2.0 ** (settings["encoding_length"] - 1) * math.pi]
    # A setting of the initialisation, such as WINNER's scale, is set only where it decides.
    return None if not stated else stated[-1] * cell.corpus["sample_rate"] / (math.pi * cell.corpus["samples"])
