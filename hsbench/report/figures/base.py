"""What a figure is drawn from, and what it is once it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hsbench.report.table import Table
    from hsbench.results.store import Results
    from hsbench.results.view import View


@dataclass(frozen=True, eq=False)
class Drawn:
    """A figure.

    Attributes:
        name: what kind it is, for a file name: curves, rate, spread, omegas, reconstructions or weights.
        title: a few words.
        caption: what a reader must know to read it; plain text.
        figure: to be saved, see hsbench.report.figures.save.
    """

    name: str
    title: str
    caption: str
    figure: Figure


@dataclass(frozen=True, eq=False)
class Subject:
    """What figures are drawn from.

    Attributes:
        results: the results folder that holds the cells.
        table: the table of the view that is drawn, with every score.
        clip: the id of the clip to show, or None for the median one.
    """

    results: Results
    table: Table
    clip: str | None = None

    @property
    def view(self) -> View:
        """What was asked for."""
        return self.table.view

    @property
    def sound(self) -> str:
        """The corpora, how many clips, and whether the sound is synthetic: "16 clips of demo (synthetic speech)"."""
        corpora = self.view.corpora.items()
        return "; ".join(f"{len(corpus.clips)} clips of {name} ({corpus.description})" for name, corpus in corpora)
