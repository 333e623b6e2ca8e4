"""The slurm engine: submits each cell as a job of a Slurm cluster, through submitit.

The jobs are independent of the front end: they go on when it is killed or its session is closed. Each run writes the
logs and outcomes of its jobs into a new folder below results/slurm. Files of earlier runs are not read, and of the
files that the jobs write only JSON is read, since loading the pickles of submitit could execute code.
"""

from __future__ import annotations

import dataclasses
import math
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench.errors import BackendMissingError, DataError, UsageError
from hsbench.execution.engines.base import assign
from hsbench.execution.process import CellProcess, Outcome, write_status
from hsbench.files import read_json, write_json
from hsbench.results.cell_folder import CellFolder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hsbench.execution.engines.base import Listener
    from hsbench.planning.plan import PlannedCell
    from hsbench.results.store import Results
    from hsbench.spec import Resources

REMEDY = "pip install 'hsbench[slurm]'"
SPARE_MINUTES = 5
"""Minutes added to a cell's time limit for its Slurm job, to start Python and to write the status."""
GENERIC = ("name", "timeout_min", "mem_gb", "nodes", "cpus_per_task", "gpus_per_node", "tasks_per_node")
"""Parameters that submitit defines for every kind of cluster; all others have the prefix slurm_ there."""


class SlurmEngine:
    """Runs a plan as Slurm jobs; see hsbench.execution.engines.base.Engine.

    Args:
        results: the results folder, on a file system that all nodes reach under the same path.
        resources: resources of each cell; at most `jobs` cells run at the same time.
        listener: receives the progress of the run; Slurm jobs only report their start and their end.
        parameters: parameters of the jobs under their submitit names, and `cluster`: "slurm", or "local" for processes
            of this machine.

    Raises:
        BackendMissingError: submitit is not installed, or the commands of Slurm are not on PATH.
        UsageError: there is no time limit, or a parameter has an invalid value.
    """

    def __init__(
        self, results: Results, resources: Resources, listener: Listener, parameters: Mapping[str, Any]
    ) -> None:
        try:
            import submitit
        except ImportError as error:
            raise BackendMissingError(f"--engine slurm needs submitit ({error}); install it with: {REMEDY}") from error
        self._submitit: Any = submitit
        self._parameters = dict(parameters)
        self._cluster = str(self._parameters.pop("cluster", "slurm"))
        if self._cluster not in ("slurm", "local"):
            raise UsageError(f"--slurm cluster expects slurm or local, got {self._cluster!r}.")
        if self._cluster == "slurm" and shutil.which("srun") is None:
            raise BackendMissingError(
                "--engine slurm needs the commands of Slurm (sbatch, srun) on PATH; run it on a login node of the "
                "cluster, or try it here with --slurm cluster=local."
            )
        threads = self._parameters.get("cpus_per_task", resources.threads)
        if not isinstance(threads, int) or threads < 1:
            raise UsageError(f"--slurm cpus_per_task expects a whole number from 1, got {threads!r}.")
        if resources.timeout is None and "timeout_min" not in self._parameters:
            raise UsageError(
                "--engine slurm needs a time limit; give --timeout SECONDS or --slurm timeout_min=MINUTES."
            )
        self.results, self.listener = results, listener
        self.resources = dataclasses.replace(resources, threads=threads)

    def run(
        self, cells: Sequence[PlannedCell], imports: Sequence[str] = (), command: Sequence[str] = ()
    ) -> list[Outcome]:
        """Run the cells and return their outcomes, in the same order; see Engine.run for the arguments."""
        outcomes: dict[str, Outcome] = {}
        waiting: list[tuple[PlannedCell, CellFolder]] = []
        for planned in cells:
            folder = assign(planned, self.results, self.resources, imports, command)
            if isinstance(folder, Outcome):
                outcomes[planned.cell.key] = folder
                self.listener.ended(planned, folder)
            else:
                waiting.append((planned, folder))
        # Slurm limits the number of running jobs itself; local jobs would all start at the same time.
        width = len(waiting) if self._cluster == "slurm" else self.resources.jobs
        for start in range(0, len(waiting), max(1, width)):
            for planned, outcome in self._submitted(waiting[start : start + width]):
                outcomes[planned.cell.key] = outcome
                self.listener.ended(planned, outcome)
        return [outcomes[planned.cell.key] for planned in cells]

    def _submitted(self, part: Sequence[tuple[PlannedCell, CellFolder]]) -> Iterator[tuple[PlannedCell, Outcome]]:
        """Submit cells as one job array; yield each with its outcome as it ends."""
        logs = self.results.jobs_folder()
        executor = self._executor(logs)
        with executor.batch():
            jobs = [
                executor.submit(run_cell, str(folder.path), self.resources, str(logs / f"{folder.path.name}.json"))
                for _, folder in part
            ]
        running = dict(zip(range(len(part)), jobs, strict=True))
        started: set[int] = set()
        try:
            while running:
                for index, job in list(running.items()):
                    planned, folder = part[index]
                    ended = job.done()
                    if index not in started and (ended or folder.running):
                        started.add(index)
                        self.listener.started(planned)
                    if ended:
                        del running[index]
                        yield planned, self._outcome(job, folder, logs / f"{folder.path.name}.json")
                time.sleep(0.2 if self._cluster == "local" else 5.0)
        except BaseException:
            for job in running.values():
                job.cancel(check=False)
            _wait(running.values())
            raise

    def _executor(self, logs: Path) -> Any:
        """Return the submitit executor with the parameters of the jobs.

        Args:
            logs: folder for the logs of the jobs.

        Raises:
            UsageError: submitit refuses a parameter.
        """
        executor = self._submitit.AutoExecutor(folder=logs, cluster=self._cluster)
        timeout = self.resources.timeout
        defaults: dict[str, Any] = {"name": "hsbench", "cpus_per_task": self.resources.threads}
        if timeout is not None:
            defaults["timeout_min"] = math.ceil(timeout / 60) + SPARE_MINUTES
        if self.resources.device == "cuda":
            defaults["gpus_per_node"] = self.resources.processes
        defaults["slurm_array_parallelism"] = self.resources.jobs
        given = {key if key in GENERIC else f"slurm_{key}": value for key, value in self._parameters.items()}
        try:
            executor.update_parameters(**{**defaults, **given})
        except (NameError, TypeError, ValueError) as error:
            raise UsageError(f"--slurm: {error}") from error
        return executor

    def _outcome(self, job: Any, folder: CellFolder, path: Path) -> Outcome:
        """Return the outcome that a job wrote to a file; without a valid file, the outcome "crashed"."""
        try:
            written = read_json(path)
            return Outcome(str(written["status"]), str(written["message"]))
        except (FileNotFoundError, DataError, KeyError, TypeError):
            outcome = Outcome(
                "crashed", f"job {job.job_id} ended as {job.state} without reporting a status; see {job.paths.stderr}"
            )
            if not folder.running:
                write_status(folder, outcome)
            return outcome


def _wait(jobs: Any, seconds: float = 15.0) -> None:
    """Wait until cancelled jobs have ended, for a limited time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not all(job.done() for job in jobs):
        time.sleep(0.2)


def run_cell(path: str, resources: Resources, outcome_path: str) -> None:
    """Run a cell whose job file is written, and write how it ended. Called in a Slurm job.

    Args:
        path: path of the cell's folder.
        resources: resources of the cell.
        outcome_path: path of the JSON file for the outcome.
    """
    outcome = CellProcess(CellFolder(Path(path)), resources, _ignore_progress).run()
    write_json(Path(outcome_path), {"status": outcome.status, "message": outcome.message})


def _ignore_progress(stage: str, done: float, total: int) -> None:
    """Drop the progress of a cell: a Slurm job has no connection to the front end."""
