"""Show the scores of each row of a table as soon as its cell is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hsbench.api.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hsbench.api.progress import Display
    from hsbench.execution.process import Outcome
    from hsbench.planning.plan import PlannedCell
    from hsbench.results.store import Results
    from hsbench.results.view import View, ViewRow


class RowScores(Relay):
    """Passes the progress of a run on to its display, and adds a line with the mean scores of each finished row.

    Args:
        display: shows the progress.
        results: the results folder, from which scores are read.

    Attributes:
        views: the views of the run; set before the run begins.
    """

    def __init__(self, display: Display, results: Results) -> None:
        super().__init__(display)
        self._display, self._results = display, results
        self.views: Sequence[View] = ()

    def ended(self, planned: PlannedCell, outcome: Outcome) -> None:
        """Show how a cell ended and, if it is done, the scores of the rows that show it."""
        super().ended(planned, outcome)
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
