"""Quality against the length of a training: rows that differ in the share of the training steps alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench.errors import HsbenchError
from hsbench.report.figures import series, style
from hsbench.report.figures.base import Drawn
from hsbench.spec import FLOOR_MODELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.report.figures.base import Subject
    from hsbench.report.table import TableRow
    from hsbench.results.view import ViewRow
    from hsbench.spec import Cell

SETTING = "share"
"""Training setting that states the share of the steps, above 0 and at most 1."""


def draw(subject: Subject) -> Drawn | None:
    """Draw each metric over the number of training steps, one line for each model that has rows of several shares.

    Only experiments with such rows have this figure.
    """
    lines = {label: rows for label, rows in _lines(subject).items() if len(rows) > 1}
    if not lines:
        return None
    rows = _shown(subject, lines)
    metrics = subject.table.metrics
    looks = style.looks(len(lines))
    chart, panels = subject.layout.panels(len(metrics), subject.layout.panel, sharex=True)
    for axes, metric in zip(panels, metrics, strict=True):
        for look, line in zip(looks, lines.values(), strict=True):
            series.draw(axes, [steps for steps, _ in line], [row for _, row in line], metric, look, joined=True)
        series.finish(axes, rows, metric)
        axes.set_xscale("log")
    series.label_below(panels, subject.layout, "training steps")
    style.head(chart, subject.view)
    floors = style.floor_handles(row.model for row in subject.view.rows)
    handles = [*panels[0].containers, *floors.values()]
    subject.layout.legend(chart, handles, [*map(style.label, lines), *floors])
    caption = (
        f"Mean over {subject.sound} with its 95 % interval, over the number of training steps. Every point is a "
        "training of its own, with a learning-rate schedule of that length."
    )
    return Drawn("training", "Quality against length of training", caption, chart)


def _shown(subject: Subject, lines: Mapping[str, list[tuple[int, TableRow]]]) -> list[tuple[ViewRow, TableRow]]:
    """Return the rows that lie on the lines, and the floors."""
    drawn = {id(row) for line in lines.values() for _, row in line}
    return [(view_row, row) for view_row, row in subject.rows if id(row) in drawn or view_row.model in FLOOR_MODELS]


def _lines(subject: Subject) -> dict[str, list[tuple[int, TableRow]]]:
    """Return name of the row with the longest training -> (steps, row) of all rows of that cell but for the share."""
    groups: dict[Any, list[tuple[int, TableRow]]] = {}
    for view_row, row in zip(subject.view.rows, subject.table.rows, strict=True):
        if not view_row.cells or not row.built:
            continue
        try:
            cell = subject.results.folder(view_row.cells[0]).spec()
        except HsbenchError:
            continue  # a garbled specification; the table says so
        training = dict(cell.budget.settings)
        if isinstance(training.get(SETTING), float) and isinstance(training.get("steps"), int):
            groups.setdefault((_rest(cell), row.split), []).append((round(training[SETTING] * training["steps"]), row))
    return {_longest(rows).name: sorted(rows, key=lambda pair: pair[0]) for rows in groups.values()}


def _rest(cell: Cell) -> Any:
    """Return everything that defines a cell except for the share."""
    training = {name: value for name, value in cell.budget.settings if name != SETTING}
    return cell.model, cell.corpus, tuple(sorted(training.items())), cell.protocol, cell.seed


def _longest(rows: Sequence[tuple[int, TableRow]]) -> TableRow:
    return max(rows, key=lambda pair: pair[0])[1]
