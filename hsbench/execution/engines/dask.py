"""The dask engine: runs cells on the workers of a dask cluster, which share the results folder with this machine.

A dask worker starts the worker process of a cell and reads its events, as the local engine does on this machine. When
a dask worker dies, the process of its cell ends too; dask then runs the cell on another worker, which computes only
what is still missing in the cell's folder.
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
from hsbench.execution.process import CellProcess, Outcome, write_status
from hsbench.results.cell_folder import CellFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hsbench.execution.engines.base import Listener
    from hsbench.planning.plan import PlannedCell
    from hsbench.results.store import Results
    from hsbench.spec import Resources

SCHEDULER_LOST = "the dask scheduler is gone, and its workers end within 30 s; run the same command again to go on"
REMEDY = "pip install 'hsbench[dask]'"


class DaskEngine:
    """Runs a plan on dask workers; see hsbench.execution.engines.base.Engine.

    Args:
        results: the results folder, on a file system that all workers reach under the same path.
        resources: resources of each cell on its worker; without an address, `jobs` workers are started.
        listener: receives the progress of the run.
        address: address of a dask scheduler; None starts workers on this machine, which end with the run.

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
        """Run the cells and return their outcomes, in the same order; see Engine.run for the arguments.

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
            # Without a dashboard, the scheduler still serves its state, and warns where dask's usual port is taken.
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            memory_limit=0,  # dask measures the worker only, not the child process that computes the cell
            silence_logs=50,
            preload=["hsbench.execution.engines.dask"],
        ) as cluster:
            return self._run_at(cluster.scheduler_address, cells, imports, command)

    def _run_at(
        self, address: str, cells: Sequence[PlannedCell], imports: Sequence[str], command: Sequence[str]
    ) -> list[Outcome]:
        _silence()
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
        """Write the job files; return key of the cell -> its folder, or the outcome where that failed."""
        return {planned.cell.key: assign(planned, self.results, self.resources, imports, command) for planned in cells}


class _Run:
    """One run on a cluster: submits a task for each cell, and passes progress and outcomes to the listener.

    Args:
        dask: the module dask.distributed.
        client: client connected to the scheduler.
        listener: receives the progress of the run.
    """

    def __init__(self, dask: Any, client: Any, listener: Listener) -> None:
        self._dask, self._client, self.listener = dask, client, listener
        self._token = f"hsbench-{uuid.uuid4().hex}"
        self._cells: dict[str, PlannedCell] = {}
        self._started: set[str] = set()
        self._outcomes: dict[str, Outcome] = {}

    def run(
        self, cells: Sequence[PlannedCell], assigned: Mapping[str, CellFolder | Outcome], resources: Resources
    ) -> list[Outcome]:
        """Run the cells whose job files are written; return the outcomes in the order of `cells`."""
        self._cells = {planned.cell.key: planned for planned in cells}
        self._client.subscribe_topic(self._token, self._on_event)
        futures = {}
        for key, folder in assigned.items():
            if isinstance(folder, Outcome):
                self._end(key, folder)
            else:
                task = self._client.submit(
                    run_cell, str(folder.path), resources, self._token, key, key=f"{self._token}-{key}", pure=False
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
        """Return the outcome of a task that has ended; where dask lost the task, also write the cell's status."""
        if future.status == "finished":
            reported: Outcome = future.result()
            return reported
        if future.cancelled():
            return Outcome("crashed", SCHEDULER_LOST)
        error = future.exception()
        if isinstance(error, self._dask.KilledWorker):
            outcome = Outcome("crashed", f"every dask worker that ran the cell died ({error})")
        else:
            outcome = Outcome(
                "crashed",
                f"the dask worker could not start the cell ({error!r}); install this version of hsbench there",
            )
        if not folder.running:
            write_status(folder, outcome)
        return outcome

    def _on_event(self, event: tuple[float, Any]) -> None:
        """Handle an event of a worker: (time, (key,)) when a cell starts, (time, (key, stage, done, total)) later."""
        key, *progress = event[1]
        if key in self._outcomes:
            return
        if key not in self._started:
            self._started.add(key)
            self.listener.started(self._cells[key])
        if progress:
            self.listener.progressed(self._cells[key], *progress)

    def _end(self, key: str, outcome: Outcome) -> None:
        self._outcomes[key] = outcome
        self.listener.ended(self._cells[key], outcome)

    def _stop(self, futures: Sequence[Any]) -> None:
        """Cancel the waiting tasks and end the running cells of this run; other runs on the cluster continue."""
        with contextlib.suppress(OSError):  # without a scheduler, the workers and their cells end by themselves
            self._client.cancel(futures)
            self._client.run(stop, self._token, on_error="ignore")


def _silence() -> None:
    """Keep client and scheduler from logging a traceback when the other one is gone.

    The client logs it even after it is closed; the outcomes report a scheduler that is lost. The scheduler logs it, as
    critical, if the progress of a cell arrives between the end of the client and its own.
    """
    for name in ("distributed.client", "distributed.scheduler"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


_running: dict[str, list[CellProcess]] = defaultdict(list)
"""In a dask worker: token of a run -> the processes of its cells."""
_stopped: set[str] = set()
"""In a dask worker: tokens of the runs that were stopped; their cells are no longer started."""


def dask_setup(worker: object) -> None:
    """Prepare a dask worker that the engine itself started; dask calls this function by its name.

    Ctrl-C in a terminal reaches the worker too. It is ignored here, since the front end then stops the run.
    """
    del worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def run_cell(path: str, resources: Resources, token: str, key: str) -> Outcome:
    """Run a cell whose job file is written, and send its progress to the front end. Called in a dask worker.

    Args:
        path: path of the cell's folder.
        resources: resources of the cell.
        token: token of the run, which is also the topic of its events.
        key: key of the cell.
    """
    from distributed import get_worker

    send: Callable[[str, Any], None] = get_worker().log_event
    if token in _stopped:
        return Outcome("interrupted")
    send(token, (key,))
    process = CellProcess(CellFolder(Path(path)), resources, lambda *progress: send(token, (key, *progress)))
    _running[token].append(process)
    try:
        return process.run()
    finally:
        _running[token].remove(process)


def stop(token: str) -> None:
    """End the processes of a run. Called in a dask worker."""
    _stopped.add(token)
    for process in list(_running[token]):
        process.stop()
