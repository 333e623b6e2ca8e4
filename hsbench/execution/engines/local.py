"""The local engine: the processes of cells on this machine, a few at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from hsbench.execution.engines.base import assign
from hsbench.execution.process import CellProcess, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.execution.engines.base import Listener
    from hsbench.planning.plan import PlannedCell
    from hsbench.results.store import Results
    from hsbench.spec import Resources


class LocalEngine:
    """Runs the processes of a plan on this machine; see hsbench.execution.engines.base.Engine."""

    def __init__(self, results: Results, resources: Resources, listener: Listener) -> None:
        self.results, self.resources, self.listener = results, resources, listener
        self._running: dict[str, CellProcess] = {}
        self._stopped = threading.Event()

    def run(
        self, cells: Sequence[PlannedCell], imports: Sequence[str] = (), command: Sequence[str] = ()
    ) -> list[Outcome]:
        """Run each work to its end; the outcomes in the same order."""
        with ThreadPoolExecutor(self.resources.jobs) as pool:
            futures = [pool.submit(self._one, planned, imports, command) for planned in cells]
            try:
                return [future.result() for future in futures]
            except BaseException:
                self._stop()
                raise

    def _one(self, planned: PlannedCell, imports: Sequence[str], command: Sequence[str]) -> Outcome:
        if self._stopped.is_set():
            return Outcome("interrupted")
        folder = assign(planned, self.results, self.resources, imports, command)
        if isinstance(folder, Outcome):
            outcome = folder
        else:
            process = CellProcess(folder, self.resources, lambda *how: self.listener.progressed(planned, *how))
            self._running[planned.cell.key] = process
            self.listener.started(planned)
            outcome = process.run()
            del self._running[planned.cell.key]
        self.listener.ended(planned, outcome)
        return outcome

    def _stop(self) -> None:
        """Ask every process to end, and end those that do not."""
        self._stopped.set()
        running = list(self._running.values())
        for process in running:
            process.ask()
        for process in running:
            process.stop()
