"""What a figure is drawn from, and what it is once it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

    from hsbench.report.table import Table
    from hsbench.results.store import Results


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
        request: one group of an experiment's view.
        results: where its cells are.
        table: the same group as a table, with every score.
        clip: the id of the clip to show, or None for the median one.
    """

    request: Mapping[str, Any]
    results: Results
    table: Table
    clip: str | None = None

    def clips(self, corpus: str) -> list[str]:
        """Wanted clips of a corpus, in the order of the scores; none where the corpus is not at hand."""
        return list(self.request["corpora"].get(corpus, {"clips": ()})["clips"])

    @property
    def sound(self) -> str:
        """The corpora, how many clips, and whether the sound is synthetic: "16 clips of demo (synthetic speech)"."""
        found = self.request["corpora"].items()
        return "; ".join(f"{len(one['clips'])} clips of {name} ({one['description']})" for name, one in found)
