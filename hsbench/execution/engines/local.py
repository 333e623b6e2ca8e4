"""The local engine: runs the worker processes of cells on this machine, a limited number at a time.

Where there are several cells, their processes are forked by a server that has imported what they need
(hsbench.execution.warm). A single cell gains nothing from that, and torchrun starts processes of its own.
"""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import TYPE_CHECKING

from hsbench.execution import preload
from hsbench.execution.engines.base import assign
from hsbench.execution.process import CellProcess, Outcome
from hsbench.execution.starter import Starter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.execution.engines.base import Listener
    from hsbench.planning.plan import PlannedCell
    from hsbench.results.store import Results
    from hsbench.spec import Resources


class LocalEngine:
    """Runs a plan in processes of this machine; see hsbench.execution.engines.base.Engine.

    Args:
        results: the results folder.
        resources: resources of each cell; `jobs` cells run at the same time.
        listener: receives the progress of the run.
        environment: environment variables of the worker processes, in addition to those of this process.
        cold: whether each cell is started by a command, for debugging.
    """

    def __init__(
        self,
        results: Results,
        resources: Resources,
        listener: Listener,
        environment: Mapping[str, str] = MappingProxyType({}),
        *,
        cold: bool = False,
    ) -> None:
        self.results, self.resources, self.listener = results, resources, listener
        self.environment, self.cold = environment, cold
        self._running: dict[str, CellProcess] = {}
        self._stopped = threading.Event()

    def run(
        self, cells: Sequence[PlannedCell], imports: Sequence[str] = (), command: Sequence[str] = ()
    ) -> list[Outcome]:
        """Run the cells and return their outcomes, in the same order; see Engine.run for the arguments."""
        warm = len(cells) > 1 and self.resources.processes == 1 and not self.cold
        targets = preload.targets(cells, self.resources.device) if warm else None
        starter = Starter(self.resources, self.environment, targets, self.listener.noted)
        with contextlib.closing(starter), ThreadPoolExecutor(self.resources.jobs) as pool:
            futures = [pool.submit(self._run_cell, starter, planned, imports, command) for planned in cells]
            try:
                return [future.result() for future in futures]
            except BaseException:
                self._stop()
                starter.close()  # a thread that waits for the server goes on, and starts no cell
                raise

    def _run_cell(
        self, starter: Starter, planned: PlannedCell, imports: Sequence[str], command: Sequence[str]
    ) -> Outcome:
        """Run one cell in a thread of the pool; after a stop, a waiting cell is not started."""
        if self._stopped.is_set():
            return Outcome("interrupted")
        folder = assign(planned, self.results, self.resources, imports, command)
        if isinstance(folder, Outcome):
            outcome = folder
        else:
            process = CellProcess(
                folder, self.resources, lambda *progress: self.listener.progressed(planned, *progress), starter
            )
            self._running[planned.cell.key] = process
            self.listener.started(planned)
            starter.prepare()
            outcome = process.run()
            del self._running[planned.cell.key]
        self.listener.ended(planned, outcome)
        return outcome

    def _stop(self) -> None:
        """Send SIGTERM to every process, then wait for each and kill those that do not end."""
        self._stopped.set()
        running = list(self._running.values())
        for process in running:
            process.terminate()
        for process in running:
            process.stop()
