"""The slurm engine: each cell a job of a Slurm cluster, submitted through submitit.

The jobs live on their own: a front end that is killed, or a session that is closed, ends none of them. What they write
about themselves lies in a fresh folder below results/slurm; nothing that lay there before is read, and of what the jobs
leave only JSON is.
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
from hsbench.execution.process import CellProcess, Outcome, keep
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
"""Time that a job gets beyond the cell's own, to start Python and to write its status."""
GENERIC = ("name", "timeout_min", "mem_gb", "nodes", "cpus_per_task", "gpus_per_node", "tasks_per_node")
"""Parameters that submitit knows on every cluster; it calls any other slurm_<name>."""


class SlurmEngine:
    """Runs a plan as Slurm jobs; see hsbench.execution.engines.base.Engine.

    Args:
        results: on a file system that all nodes see under the same path.
        resources: of each cell; at most `jobs` of them run at once.
        listener: told as the cells go on.
        parameters: of the jobs, as submitit names them, and `cluster`: slurm, or local for processes of this machine.

    Raises:
        BackendMissingError: submitit is not installed, or there is no Slurm here.
        UsageError: no time limit is given, or there is no such parameter.
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
        """Run each work to its end; the outcomes in the same order."""
        outcomes: dict[str, Outcome] = {}
        waiting: list[tuple[PlannedCell, CellFolder]] = []
        for planned in cells:
            folder = assign(planned, self.results, self.resources, imports, command)
            if isinstance(folder, Outcome):
                outcomes[planned.cell.key] = folder
                self.listener.ended(planned, folder)
            else:
                waiting.append((planned, folder))
        # Slurm itself holds back what is too much; local jobs would all begin at once
        width = len(waiting) if self._cluster == "slurm" else self.resources.jobs
        for start in range(0, len(waiting), max(1, width)):
            for planned, outcome in self._together(waiting[start : start + width]):
                outcomes[planned.cell.key] = outcome
                self.listener.ended(planned, outcome)
        return [outcomes[planned.cell.key] for planned in cells]

    def _together(self, part: Sequence[tuple[PlannedCell, CellFolder]]) -> Iterator[tuple[PlannedCell, Outcome]]:
        """Submit some cells and give each as it ends."""
        logs = self.results.jobs_folder()
        executor = self._executor(logs)
        with executor.batch():
            jobs = [
                executor.submit(attend, str(folder.path), self.resources, str(logs / f"{folder.path.name}.json"))
                for _, folder in part
            ]
        running = dict(zip(range(len(part)), jobs, strict=True))
        started: set[int] = set()
        try:
            while running:
                for index, job in list(running.items()):
                    planned, folder = part[index]
                    over = job.done()
                    if index not in started and (over or folder.running):
                        started.add(index)
                        self.listener.started(planned)
                    if over:
                        del running[index]
                        yield planned, self._outcome(job, folder, logs / f"{folder.path.name}.json")
                time.sleep(0.2 if self._cluster == "local" else 5.0)
        except BaseException:
            for job in running.values():
                job.cancel(check=False)
            _wait(running.values())
            raise

    def _executor(self, logs: Path) -> Any:
        executor = self._submitit.AutoExecutor(folder=logs, cluster=self._cluster)
        timeout = self.resources.timeout
        own: dict[str, Any] = {"name": "hsbench", "cpus_per_task": self.resources.threads}
        if timeout is not None:
            own["timeout_min"] = math.ceil(timeout / 60) + SPARE_MINUTES
        if self.resources.device == "cuda":
            own["gpus_per_node"] = self.resources.processes
        own["slurm_array_parallelism"] = self.resources.jobs
        given = {key if key in GENERIC else f"slurm_{key}": value for key, value in self._parameters.items()}
        try:
            executor.update_parameters(**{**own, **given})
        except (NameError, TypeError, ValueError) as error:
            raise UsageError(f"--slurm: {error}") from error
        return executor

    def _outcome(self, job: Any, folder: CellFolder, path: Path) -> Outcome:
        """What the job wrote of itself; where it could not, what Slurm says."""
        try:
            found = read_json(path)
            return Outcome(str(found["status"]), str(found["message"]))
        except (FileNotFoundError, DataError, KeyError, TypeError):
            outcome = Outcome(
                "crashed", f"job {job.job_id} ended as {job.state} without a word; see {job.paths.stderr}"
            )
            if not folder.running:
                keep(folder, outcome)
            return outcome


def _wait(jobs: Any, seconds: float = 15.0) -> None:
    """Wait for jobs that were cancelled."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not all(job.done() for job in jobs):
        time.sleep(0.2)


def attend(path: str, resources: Resources, told: str) -> None:
    """In a job: run a cell whose job file is written, and write how it ended.

    Args:
        path: of the cell's folder.
        resources: of the cell.
        told: of the JSON file to write.
    """
    outcome = CellProcess(CellFolder(Path(path)), resources, _nobody_listens).run()
    write_json(Path(told), {"status": outcome.status, "message": outcome.message})


def _nobody_listens(stage: str, done: float, total: int) -> None:
    """A job has no line back to the front end."""
