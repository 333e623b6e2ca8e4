"""Rate against quality: the mean of each metric over the compression ratio and over the bitrate, in two panels.

A compression ratio counts stored numbers, a bitrate counts bits; neither follows from the other, so a row stands in a
panel only if it has that cost: a codec stores bits and no numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from hsbench.errors import HsbenchError
from hsbench.report import text
from hsbench.report.figures import bitrate, series, style
from hsbench.report.figures.base import Drawn
from hsbench.report.figures.scales import plain_log

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hsbench.metrics.base import MetricInfo
    from hsbench.report.figures.base import Subject
    from hsbench.report.table import TableRow
    from hsbench.results.view import ViewCorpus, ViewRow

SPREAD = 1.2
"""Smallest factor between the largest and the smallest cost of the rows for which a panel is drawn."""

RATIO, KBITS = "compression ratio", "kbit/s"
EXPLAINED = {
    RATIO: "the exact compression ratio (samples per stored number; further right costs less)",
    KBITS: "the measured bitrate (kbit/s; further right costs more)",
}


class Costs(NamedTuple):
    """Costs of a row by the label of their axis; None where the row has no such cost."""

    ratio: float | None
    kbits: float | None

    def on(self, axis: str) -> float | None:
        """Return the cost that an axis shows."""
        return self.ratio if axis == RATIO else self.kbits


@dataclass(frozen=True)
class Placed:
    """A row with its costs."""

    row: TableRow
    costs: Costs


Series = dict[str, list[Placed]]


def draw(subject: Subject) -> Drawn | str | None:
    """Draw each metric over the compression ratio and over the bitrate, or return a sentence where no cost differs.

    Experiments whose rows are streams have the figure of hsbench.report.figures.bitrate instead.
    """
    if bitrate.asked(subject.view):
        return None
    placed = _series(subject)
    axes = [axis for axis in (RATIO, KBITS) if _differs(placed, axis)]
    if axes and _proportional(placed):
        axes = axes[:1]
    if not axes:
        return "Rate against quality: fewer than two rows with different costs per clip have scores."
    return Drawn("rate", "Rate against quality", _caption(subject, placed, axes), _figure(subject, placed, axes))


def _series(subject: Subject) -> Series:
    """Return name of the series -> its rows that have a score, in the order of the table.

    Rows of one model are one series, unless they differ in their kind of clips (seen, held out) or in a setting that
    is no number, such as the format in which weights are stored.
    """
    models: dict[str, list[tuple[Mapping[str, object], Placed]]] = {}
    for view_row, row in series.costed(subject.rows):
        placed = Placed(row, _costs(row, subject.view.corpus(view_row)))
        models.setdefault(view_row.model, []).append((_words(subject, view_row), placed))
    named: Series = {}
    for model, rows in models.items():
        differing = [name for name in rows[0][0] if len({words.get(name) for words, _ in rows}) > 1]
        for words, placed in rows:
            values = {name: words.get(name) for name in differing}
            kinds = [name if value is True else str(value) for name, value in values.items() if value]
            named.setdefault(" ".join([model, *kinds]), []).append(placed)
    return named


def _costs(row: TableRow, corpus: ViewCorpus) -> Costs:
    seconds = corpus.samples / corpus.sample_rate if corpus.sample_rate else 0.0
    return Costs(row.ratio, row.kbit / seconds if row.kbit and seconds else None)


def _words(subject: Subject, row: ViewRow) -> Mapping[str, object]:
    """Return the kind of a row's clips, and the settings of its model that are no numbers, as far as they are known."""
    try:
        settings = subject.results.folder(row.cells[0]).spec().model.settings
    except (HsbenchError, OSError):
        settings = ()
    clips = {"split": f"on {text.KINDS[split]} clips"} if (split := subject.view.split_of(row)) in text.KINDS else {}
    return clips | {name: value for name, value in settings if isinstance(value, str | bool)}


def _differs(placed: Series, axis: str) -> bool:
    costs = [cost for rows in placed.values() for each in rows if (cost := each.costs.on(axis))]
    return len(costs) > 1 and max(costs) >= SPREAD * min(costs)


def _proportional(placed: Series) -> bool:
    """Return whether all rows have both costs and store equally many bits per number: the panels would be mirrored."""
    products = [
        each.costs.ratio * each.costs.kbits if each.costs.ratio and each.costs.kbits else math.nan
        for rows in placed.values()
        for each in rows
    ]
    return all(math.isclose(product, products[0], rel_tol=0.01) for product in products)


def _figure(subject: Subject, placed: Series, axes: Sequence[str]) -> Figure:
    """Draw one group of panels per metric, side by side, which share their vertical axis."""
    metrics, layout = subject.table.metrics, subject.layout
    side_by_side = min(len(metrics), layout.columns // len(axes))
    down = math.ceil(len(metrics) / side_by_side)
    chart = layout.sheet(layout.lines(2) + layout.panel * down)
    grid = chart.subplots(down, side_by_side * len(axes), squeeze=False)
    groups = grid.reshape(down * side_by_side, len(axes))
    for number, panels in enumerate(groups):
        if number < len(metrics):
            _group(subject, list(panels), placed, axes, metrics[number])
        else:
            for panel in panels:
                panel.set_axis_off()
    for index, axis in enumerate(axes):
        for panel in groups[1:, index]:
            panel.sharex(groups[0, index])
        plain_log(groups[0, index].xaxis)
        lowest = max(0, len(metrics) - side_by_side)
        for panel in groups[:lowest, index]:
            panel.tick_params(labelbottom=False, which="both")
        for panel in groups[lowest : len(metrics), index]:
            panel.set_xlabel(axis)
    style.head(chart, subject.view)
    floors = style.floor_handles(row.model for row in subject.view.rows)
    handles = [*groups[0, 0].containers, *floors.values()]
    layout.legend(chart, handles, [*map(style.label, placed), *floors])
    return chart


def _group(subject: Subject, panels: Sequence[Axes], placed: Series, axes: Sequence[str], metric: MetricInfo) -> None:
    """Draw one metric over each of its costs."""
    for panel in panels[1:]:
        panel.sharey(panels[0])
        panel.tick_params(labelleft=False)
    for panel, axis in zip(panels, axes, strict=True):
        for look, rows in zip(style.looks(len(placed)), placed.values(), strict=True):
            costs = [(cost, each.row) for each in rows if (cost := each.costs.on(axis))]
            costs.sort(key=lambda pair: pair[0])
            series.draw(panel, [cost for cost, _ in costs], [row for _, row in costs], metric, look, joined=True)
        panel.set_xscale("log")
    for panel in panels:
        series.finish(panel, subject.rows, metric)
    for panel in panels[1:]:
        panel.set_title("")


def _caption(subject: Subject, placed: Series, axes: Sequence[str]) -> str:
    over = " and over ".join(EXPLAINED[axis] for axis in axes)
    lines = "one line per model and, where it has several, per kind of clips, storage or start"
    caption = f"Mean over clips with its 95 % bootstrap interval, over {over}; {lines}, {subject.sound}."
    for axis in axes:
        missing = [each.row.name for rows in placed.values() for each in rows if not each.costs.on(axis)]
        if missing:
            caption += f" Without {axis}: {', '.join(missing)}."
    if any(row.model in style.FLOORS for row in subject.view.rows):
        caption += " Grey: silence and noise at the level of the clip."
    without = [row.name for row in subject.table.rows if all(e.summary.mean is None for e in row.entries.values())]
    return caption + (f" Not shown, because they have no score: {', '.join(without)}." if without else "")
