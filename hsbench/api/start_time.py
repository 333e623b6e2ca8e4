"""Measure how long the worker processes of a run take to start and to end, for the estimates of later plans."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hsbench.planning import timings

if TYPE_CHECKING:
    from hsbench.execution.engines.base import Listener
    from hsbench.execution.process import Outcome
    from hsbench.planning.plan import PlannedCell
    from hsbench.results.store import Results
    from hsbench.spec import Resources


class StartTimer:
    """Passes the progress of a run on to its display, and measures the time of each cell that is not spent on its work.

    Args:
        display: shows the progress.
        results: the results folder, in which every cell notes how long its work took.
        resources: device and threads of the cells.
    """

    def __init__(self, display: Listener, results: Results, resources: Resources) -> None:
        self._display, self._results, self._resources = display, results, resources
        self._started: dict[str, tuple[float, str]] = {}
        self._first = True

    def started(self, planned: PlannedCell) -> None:
        """Note when a cell started, and show it."""
        # Cells that start before one has ended wait for the imports of the process that the others are forked from.
        self._started[planned.cell.key] = time.perf_counter(), "first" if self._first else "start"
        self._display.started(planned)

    def progressed(self, planned: PlannedCell, stage: str, done: float, total: int) -> None:
        """Show how much of a cell is done."""
        self._display.progressed(planned, stage, done, total)

    def noted(self, sentence: str) -> None:
        """Show an event of the run that belongs to no single cell."""
        self._display.noted(sentence)

    def ended(self, planned: PlannedCell, outcome: Outcome) -> None:
        """Show how a cell ended; for a cell that is done, keep the time that its work did not take."""
        self._display.ended(planned, outcome)
        start, kind = self._started.pop(planned.cell.key, (None, ""))
        self._first = False
        if start is None or outcome.status != "done":
            return
        elapsed = time.perf_counter() - start
        sessions = self._results.cell(planned.cell).provenance().get("sessions", [])
        if sessions and (work := sessions[-1].get("seconds")) is not None:
            measured = {timings.of_start(self._resources.device): {kind: elapsed - work}}
            timings.record(measured, self._resources.threads)


if TYPE_CHECKING:
    _listener: type[Listener] = StartTimer
