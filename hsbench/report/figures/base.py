"""Input and output of every kind of figure: the data that it is drawn from, and the finished figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench.report.figures.style import COLUMN, Layout
from hsbench.report.text import counted
from hsbench.spec import FLOOR_MODELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from hsbench.report.table import Table, TableRow
    from hsbench.results.store import Results
    from hsbench.results.view import View, ViewRow


@dataclass(frozen=True, eq=False)
class Drawn:
    """A finished figure.

    Attributes:
        name: kind of the figure, as part of file names, such as "curves" or "encode-cost".
        title: short title.
        caption: what a reader must know to read the figure; plain text.
        figure: the matplotlib figure, which hsbench.report.figures.save writes.
    """

    name: str
    title: str
    caption: str
    figure: Figure


@dataclass(frozen=True, eq=False)
class Subject:
    """The data that figures are drawn from.

    Attributes:
        results: the results folder that holds the cells.
        table: the table of the view, with every score.
        clip: identifier of the clip whose sound is shown; None for the median clip.
        layout: the place that the figures are drawn for.
    """

    results: Results
    table: Table
    clip: str | None = None
    layout: Layout = COLUMN

    @property
    def view(self) -> View:
        """The view that is drawn."""
        return self.table.view

    @property
    def rows(self) -> list[tuple[ViewRow, TableRow]]:
        """The rows of the view, each with its row of the table."""
        return list(zip(self.view.rows, self.table.rows, strict=True))

    @property
    def heard(self) -> list[tuple[ViewRow, TableRow]]:
        """The rows that beat silence, without silence and noise themselves."""
        return [(row, shown) for row, shown in self.rows if not shown.below_floor and row.model not in FLOOR_MODELS]

    @property
    def sound(self) -> str:
        """The clips of every corpus with its description: "16 clips of demo (synthetic speech)"."""
        corpora = self.view.corpora.items()
        return "; ".join(
            f"{counted(len(corpus.clips), 'clip')} of {name} ({corpus.description})" for name, corpus in corpora
        )


NOTHING_HEARD = "no row beats silence at this budget"
"""Why a figure of sounds or of weights cannot be drawn."""


def left_out(rows: Sequence[TableRow]) -> str:
    """Return a sentence, with a space before it, that names the rows left out as below the floor; "" without any."""
    names = ", ".join(row.name for row in rows if row.below_floor)
    return f" Left out, because they do not beat silence at this budget: {names}." if names else ""
