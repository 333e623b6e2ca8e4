"""Show the scores of each row of a table as soon as its cell is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hsbench.api.progress import Display
    from hsbench.execution.engines.base import Listener
    from hsbench.execution.process import Outcome
    from hsbench.planning.plan import PlannedCell
    from hsbench.results.store import Results
    from hsbench.results.view import View, ViewRow


class RowScores:
    """Passes the progress of a run on to its display, and adds a line with the mean scores of each finished row.

    Args:
        display: shows the progress.
        results: the results folder, from which scores are read.

    Attributes:
        views: the views of the run; set before the run begins.
    """

    def __init__(self, display: Display, results: Results) -> None:
        self._display, self._results = display, results
        self.views: Sequence[View] = ()

    def started(self, planned: PlannedCell) -> None:
        """Show that the worker process of a cell has started."""
        self._display.started(planned)

    def progressed(self, planned: PlannedCell, stage: str, done: float, total: int) -> None:
        """Show how much of a cell is done."""
        self._display.progressed(planned, stage, done, total)

    def noted(self, sentence: str) -> None:
        """Show an event of the run that belongs to no single cell."""
        self._display.noted(sentence)

    def ended(self, planned: PlannedCell, outcome: Outcome) -> None:
        """Show how a cell ended and, if it is done, the scores of the rows that show it."""
        self._display.ended(planned, outcome)
        if outcome.status != "done" or self._display.silent:
            return
        for view in self.views:
            for row in view.rows:
                if planned.cell.folder in row.cells:
                    self._display.noted(f"{view.experiment}/{row.name}: {', '.join(self._means(view, row, planned))}")

    def _means(self, view: View, row: ViewRow, planned: PlannedCell) -> Iterator[str]:
        """Yield the mean of each metric over the clips of a row, such as "SI-SNR 12.1 dB"."""
        from hsbench.analysis.frame import values
        from hsbench.metrics.base import info
        from hsbench.report.text import number

        scores = self._results.cell(planned.cell).scores()
        for metric in map(info, view.metrics):
            found = values([scores], view.corpus(row).clips, metric.name)
            scored = found[np.isfinite(found)]
            mean = number(float(scored.mean()), metric) if scored.size else "-"
            yield f"{metric.label} {mean} {metric.unit}".strip()


if TYPE_CHECKING:
    _listener: type[Listener] = RowScores
