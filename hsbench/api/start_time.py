"""Measure how long the worker processes of a run take to start and to end, for the estimates of later plans."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hsbench.api.relay import Relay
from hsbench.planning import timings

if TYPE_CHECKING:
    from hsbench.execution.engines.base import Listener
    from hsbench.execution.process import Outcome
    from hsbench.planning.plan import PlannedCell
    from hsbench.results.store import Results
    from hsbench.spec import Resources


class StartTimer(Relay):
    """Passes the progress of a run on to its display, and measures the time of each cell that is not spent on its work.

    Args:
        display: shows the progress.
        results: the results folder, in which every cell notes how long its work took.
        resources: device and threads of the cells.
    """

    def __init__(self, display: Listener, results: Results, resources: Resources) -> None:
        super().__init__(display)
        self._results, self._resources = results, resources
        self._started: dict[str, tuple[float, str]] = {}
        self._first = True

    def started(self, planned: PlannedCell) -> None:
        """Note when a cell started, and show it."""
        # Cells that start before one has ended wait for the imports of the process that the others are forked from.
        self._started[planned.cell.key] = time.perf_counter(), "first" if self._first else "start"
        super().started(planned)

    def ended(self, planned: PlannedCell, outcome: Outcome) -> None:
        """Show how a cell ended; for a cell that is done, keep the time that its work did not take."""
        super().ended(planned, outcome)
        start, kind = self._started.pop(planned.cell.key, (None, ""))
        self._first = False
        if start is None or outcome.status != "done":
            return
        elapsed = time.perf_counter() - start
        sessions = self._results.cell(planned.cell).provenance().get("sessions", [])
        if sessions and (work := sessions[-1].get("seconds")) is not None:
            measured = {timings.of_start(self._resources.device): {kind: elapsed - work}}
            timings.record(measured, self._resources.threads)
