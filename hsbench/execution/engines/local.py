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
    from hsbench.planning.plan import Work
    from hsbench.results.store import Results
    from hsbench.spec import Resources


class LocalEngine:
    """Runs the processes of a plan on this machine; see hsbench.execution.engines.base.Engine."""

    def __init__(self, results: Results, resources: Resources, listener: Listener) -> None:
        self.results, self.resources, self.listener = results, resources, listener
        self._running: dict[str, CellProcess] = {}
        self._stopped = threading.Event()

    def run(self, works: Sequence[Work], imports: Sequence[str] = (), asked: Sequence[str] = ()) -> list[Outcome]:
        """Run each work to its end; the outcomes in the same order."""
        with ThreadPoolExecutor(self.resources.jobs) as pool:
            futures = [pool.submit(self._one, work, imports, asked) for work in works]
            try:
                return [future.result() for future in futures]
            except BaseException:
                self._stop()
                raise

    def _one(self, work: Work, imports: Sequence[str], asked: Sequence[str]) -> Outcome:
        if self._stopped.is_set():
            return Outcome("interrupted")
        folder = assign(work, self.results, self.resources, imports, asked)
        if isinstance(folder, Outcome):
            outcome = folder
        else:
            process = CellProcess(folder, self.resources, lambda *how: self.listener.progressed(work, *how))
            self._running[work.cell.key] = process
            self.listener.started(work)
            outcome = process.run()
            del self._running[work.cell.key]
        self.listener.ended(work, outcome)
        return outcome

    def _stop(self) -> None:
        """Ask every process to end, and end those that do not."""
        self._stopped.set()
        running = list(self._running.values())
        for process in running:
            process.ask()
        for process in running:
            process.stop()
