"""Rate against quality: the mean of each metric over what one clip costs to store."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from hsbench.report.figures import style
from hsbench.report.figures.base import Drawn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matplotlib.axes import Axes

    from hsbench.metrics.base import MetricInfo
    from hsbench.report.figures.base import Subject
    from hsbench.report.table import Table, TableRow

    Rate = Callable[[TableRow], float | None]

SPREAD = 1.2
"""Smallest factor between the largest and the smallest cost of the rows for which the figure is drawn."""

KBIT, RATIO = "kbit per clip", "compression ratio"
EXPLAINED = {
    KBIT: "kbit per clip (further right costs more)",
    RATIO: "the exact compression ratio, samples per stored number (further right costs less)",
}


def draw(subject: Subject) -> Drawn | str:
    """Draw each metric over the exact compression ratio, or over kbit per clip where a row stores only bits."""
    table = subject.table
    label, rate = _rate(table)
    series = _series(table, rate)
    placed = [row for rows in series.values() for row in rows]
    costs = [rate(row) or math.nan for row in placed]
    if len(placed) < 2 or max(costs) < SPREAD * min(costs):
        return "Rate against quality: fewer than two rows with different costs per clip have scores."
    columns = 2 if len(table.metrics) in (2, 4) else 3
    chart, panels = style.panels(len(table.metrics), 2.2, columns, sharex=True)
    for axes, metric in zip(panels, table.metrics, strict=True):
        _panel(axes, series, metric, rate)
    # The panels share one axis, and the tick labels depend on its final limits.
    style.plain_log(panels[0].xaxis)
    for axes in panels[-columns:]:
        axes.set_xlabel(label)
        axes.tick_params(labelbottom=True)
    chart.suptitle(style.heading(subject.view, "Rate against quality"))
    chart.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return Drawn("rate", "Rate against quality", _caption(subject, label, rate), chart)


def _rate(table: Table) -> tuple[str, Rate]:
    """Return what a clip costs: kbit where a row stores bits and no numbers, as a codec does; else the exact ratio."""
    if any(row.kbit and not row.numbers for row in table.rows):
        return KBIT, lambda row: row.kbit
    return RATIO, lambda row: row.ratio


def _series(table: Table, rate: Rate) -> Mapping[str, Sequence[TableRow]]:
    """Return model -> its rows that have a cost and a score, sorted by cost."""
    series: dict[str, list[TableRow]] = {}
    for view_row, row in zip(table.view.rows, table.rows, strict=True):
        if rate(row) and any(entry.summary.mean is not None for entry in row.entries.values()):
            series.setdefault(view_row.model, []).append(row)
    return {model: sorted(rows, key=lambda row: rate(row) or 0.0) for model, rows in series.items()}


def _panel(axes: Axes, series: Mapping[str, Sequence[TableRow]], metric: MetricInfo, rate: Rate) -> None:
    for index, (model, rows) in enumerate(series.items()):
        summaries = [row.entries[metric.name].summary for row in rows]
        mean, low, high = (
            np.array([math.nan if value is None else value for value in values])
            for values in zip(*((summary.mean, summary.low, summary.high) for summary in summaries), strict=True)
        )
        axes.errorbar(
            [rate(row) or math.nan for row in rows],
            mean,
            yerr=np.nan_to_num(np.stack([mean - low, high - mean])),
            label=style.label(model),
            color=style.COLOURS[index % len(style.COLOURS)],
            marker=style.MARKERS[index % len(style.MARKERS)],
            linestyle=style.STYLES[index % len(style.STYLES)],
            markersize=4.5,
            linewidth=1,
            capsize=2.5,
        )
    axes.set_xscale("log")
    axes.set_title(style.direction(metric))
    axes.grid(visible=True)


def _caption(subject: Subject, label: str, rate: Rate) -> str:
    caption = (
        f"Mean over clips with its 95 % bootstrap interval, over {EXPLAINED[label]}; one series per model, "
        f"{subject.sound}."
    )
    not_shown = [row.name for row in subject.table.rows if not rate(row)]
    return caption + (f" Not shown, because they have no cost per clip: {', '.join(not_shown)}." if not_shown else "")
