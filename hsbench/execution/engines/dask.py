"""The dask engine: cells on the workers of a dask cluster, which share the results folder with this machine.

A worker starts the cell's process and follows it, as the local engine does here. When a worker dies, its cell's
process ends with it and dask gives the cell to another worker, which goes on where the rows end.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import uuid
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench.errors import BackendMissingError, IncompleteError
from hsbench.execution.engines.base import assign
from hsbench.execution.process import CellProcess, Outcome, keep
from hsbench.results.cell_folder import CellFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hsbench.execution.engines.base import Listener
    from hsbench.planning.plan import PlannedCell
    from hsbench.results.store import Results
    from hsbench.spec import Resources

GONE = "the dask scheduler is gone, and its workers end within 30 s; run the same command again to go on"
REMEDY = "pip install 'hsbench[dask]'"


class DaskEngine:
    """Runs a plan on dask workers; see hsbench.execution.engines.base.Engine.

    Args:
        results: on a file system that all workers see under the same path.
        resources: of each cell, on the worker; `jobs` workers are started where no address is given.
        listener: told as the cells go on.
        address: of a scheduler, or None for workers on this machine, which end with the run.

    Raises:
        BackendMissingError: dask.distributed is not installed.
    """

    def __init__(self, results: Results, resources: Resources, listener: Listener, address: str | None) -> None:
        try:
            import distributed
        except ImportError as error:
            raise BackendMissingError(
                f"--engine dask needs dask.distributed ({error}); install it with: {REMEDY}"
            ) from error
        self._dask: Any = distributed
        self.results, self.resources, self.listener, self.address = results, resources, listener, address

    def run(
        self, cells: Sequence[PlannedCell], imports: Sequence[str] = (), command: Sequence[str] = ()
    ) -> list[Outcome]:
        """Run each work to its end; the outcomes in the same order.

        Raises:
            IncompleteError: no scheduler answers at the address.
        """
        if not cells:
            return []
        if self.address is not None:
            return self._run_at(self.address, cells, imports, command)
        workers = min(self.resources.jobs, len(cells))
        with self._dask.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            memory_limit=0,  # it would measure the worker, and the cell is its child
            silence_logs=50,
            preload=["hsbench.execution.engines.dask"],
        ) as cluster:
            return self._run_at(cluster.scheduler_address, cells, imports, command)

    def _run_at(
        self, address: str, cells: Sequence[PlannedCell], imports: Sequence[str], command: Sequence[str]
    ) -> list[Outcome]:
        # What it logs of a lost scheduler, even after it is closed, is a traceback; the outcomes say it in a sentence.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL + 1)
        try:
            client = self._dask.Client(address, set_as_default=False)
        except (OSError, ValueError) as error:
            raise IncompleteError(
                f"no dask scheduler answers at {address} ({error}); start one with: dask scheduler"
            ) from error
        with client:
            return _Run(self._dask, client, self.listener).run(
                cells, self._assigned(cells, imports, command), self.resources
            )

    def _assigned(
        self, cells: Sequence[PlannedCell], imports: Sequence[str], command: Sequence[str]
    ) -> dict[str, CellFolder | Outcome]:
        return {planned.cell.key: assign(planned, self.results, self.resources, imports, command) for planned in cells}


class _Run:
    """One run on a cluster: futures out, progress and outcomes back."""

    def __init__(self, dask: Any, client: Any, listener: Listener) -> None:
        self._dask, self._client, self.listener = dask, client, listener
        self._token = f"hsbench-{uuid.uuid4().hex}"
        self._cells: dict[str, PlannedCell] = {}
        self._started: set[str] = set()
        self._outcomes: dict[str, Outcome] = {}

    def run(
        self, cells: Sequence[PlannedCell], assigned: Mapping[str, CellFolder | Outcome], resources: Resources
    ) -> list[Outcome]:
        self._cells = {planned.cell.key: planned for planned in cells}
        self._client.subscribe_topic(self._token, self._hear)
        futures = {}
        for key, folder in assigned.items():
            if isinstance(folder, Outcome):
                self._end(key, folder)
            else:
                task = self._client.submit(
                    attend, str(folder.path), resources, self._token, key, key=f"{self._token}-{key}", pure=False
                )
                futures[task] = key, folder
        try:
            for future in self._dask.as_completed(futures, loop=self._client.loop):
                key, folder = futures[future]
                self._end(key, self._outcome(future, folder))
        except BaseException:
            self._stop(list(futures))
            raise
        return [self._outcomes[planned.cell.key] for planned in cells]

    def _outcome(self, future: Any, folder: CellFolder) -> Outcome:
        if future.status == "finished":
            found: Outcome = future.result()
            return found
        if future.cancelled():
            return Outcome("crashed", GONE)
        error = future.exception()
        if isinstance(error, self._dask.KilledWorker):
            outcome = Outcome("crashed", f"every dask worker that took it died ({error})")
        else:
            outcome = Outcome("crashed", f"the dask worker could not start it ({error!r}); has it this hsbench?")
        if not folder.running:
            keep(folder, outcome)
        return outcome

    def _hear(self, event: tuple[float, Any]) -> None:
        """What a worker says of a cell: its key alone when it takes it, then how far it is."""
        key, *how = event[1]
        if key in self._outcomes:
            return
        if key not in self._started:
            self._started.add(key)
            self.listener.started(self._cells[key])
        if how:
            self.listener.progressed(self._cells[key], *how)

    def _end(self, key: str, outcome: Outcome) -> None:
        self._outcomes[key] = outcome
        self.listener.ended(self._cells[key], outcome)

    def _stop(self, futures: Sequence[Any]) -> None:
        """Take back what waits, and end what runs; cells of other runs on the cluster go on."""
        with contextlib.suppress(OSError):  # workers end when their scheduler is gone, and their cells with them
            self._client.cancel(futures)
            self._client.run(stop, self._token, on_error="ignore")


_running: dict[str, list[CellProcess]] = defaultdict(list)
"""In a worker: run -> its processes."""
_stopped: set[str] = set()


def dask_setup(worker: object) -> None:
    """In a worker of our own as it starts: Ctrl-C reaches it too, and the front end is the one to act on it."""
    del worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def attend(path: str, resources: Resources, token: str, key: str) -> Outcome:
    """In a worker: run a cell whose job file is written, and tell the run how it goes.

    Args:
        path: of the cell's folder.
        resources: of the cell.
        token: of the run.
        key: of the cell.
    """
    from distributed import get_worker

    tell: Callable[[str, Any], None] = get_worker().log_event
    if token in _stopped:
        return Outcome("interrupted")
    tell(token, (key,))
    process = CellProcess(CellFolder(Path(path)), resources, lambda *how: tell(token, (key, *how)))
    _running[token].append(process)
    try:
        return process.run()
    finally:
        _running[token].remove(process)


def stop(token: str) -> None:
    """In a worker: end the processes of a run."""
    _stopped.add(token)
    for process in list(_running[token]):
        process.stop()
