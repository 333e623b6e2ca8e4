"""Run experiments: plan, compute the missing work cell by cell, and return the results as a Study."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench.api.corpora import prepare_missing
from hsbench.api.plans import Planned
from hsbench.api.progress import Display, watcher
from hsbench.api.registered import import_files
from hsbench.api.row_scores import RowScores
from hsbench.api.start_time import StartTimer
from hsbench.api.tables import Table
from hsbench.corpora.listing import check_utf8
from hsbench.errors import BackendMissingError, HsbenchError, IncompleteError, UnknownNameError
from hsbench.execution.engines.choose import Choice, create
from hsbench.planning import changes as settings
from hsbench.planning import plan as planning
from hsbench.planning.corpus_view import open_corpus
from hsbench.planning.request import Request
from hsbench.planning.resources import resources_of
from hsbench.planning.selection import select
from hsbench.planning.text import quantity
from hsbench.results.store import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hsbench.execution.process import Outcome
    from hsbench.planning.plan import Plan, PlannedCell
    from hsbench.planning.selection import Selection
    from hsbench.spec import Resources

RERUN = ("never", "failed", "stale", "all")
"""Values of the argument `rerun` of `run`: what is computed in addition to missing work."""


class Study(Table):
    """The results of a run: its tables, and the cells that could not be completed with the reasons.

    Args:
        results: the results folder.
        plan: plan of the request after the run, with the work that is still missing.
        outcomes: key of each cell that was computed -> how it ended.
        baselines: folder with published numbers; None for those of the package.

    Attributes:
        outcomes: folder name of each cell that was computed -> how it ended (status and message).
        problems: one sentence for each row or cell that is incomplete.
    """

    def __init__(
        self, results: Results, plan: Plan, outcomes: Mapping[str, Outcome], baselines: Path | None = None
    ) -> None:
        super().__init__(results, plan.views, baselines)
        self.outcomes = {planned.cell.folder: outcomes[key] for key, planned in _by_key(plan) if key in outcomes}
        self._plan = plan
        self._statuses, self.problems = _problems(plan, outcomes)

    @property
    def complete(self) -> bool:
        """Whether everything requested is computed, and at least one cell was requested."""
        return not self.problems and bool(self._plan.cells)

    def require_complete(self) -> None:
        """Raise an error if anything that was requested is missing.

        Raises:
            BackendMissingError: everything that is missing needs a package or a device that is not available.
            IncompleteError: a cell could not be completed, or nothing was measured.
        """
        if not self.problems:
            if not self._plan.cells:
                raise IncompleteError(f"nothing was measured: {'; '.join(self._plan.not_given.values())}")
            return
        count, total = len(self.problems), len(self._plan.cells) + len(self._plan.absent)
        verb, reasons = "is" if count == 1 else "are", "\n  ".join(self.problems)
        text = (
            f"{count} of {quantity(total, 'cell')} {verb} incomplete; run the same command again to go on.\n  {reasons}"
        )
        raise (BackendMissingError if self._statuses == {"unavailable"} else IncompleteError)(text)


def run(
    *experiments: str,
    corpus: str | None = None,
    train_corpus: str | None = None,
    data_root: str | Path | None = None,
    budget: str | None = None,
    protocol: str | None = None,
    changes: Mapping[str, Any] | Iterable[str] = (),
    filters: Iterable[str] = (),
    split: str | None = None,
    manifest: str | Path | None = None,
    limit: int | None = None,
    seeds: int = 1,
    device: str = "auto",
    jobs: int | None = None,
    processes: int = 1,
    eager: bool = False,
    timeout: float | None = None,
    engine: str = "local",
    address: str | None = None,
    slurm: Mapping[str, Any] | None = None,
    cold: bool = False,
    rerun: str = "failed",
    networks: Iterable[str | Path] = (),
    retrain: bool = False,
    imports: Iterable[str | Path] = (),
    results: str | Path = "results",
    baselines: str | Path | None = None,
    progress: bool = True,
) -> Study:
    """Run experiments; only work that is missing in the results folder is computed.

    The options are those of `hsbench run`. A cell that fails raises no error: `Study.problems` names the cell and the
    reason. An interrupt (Ctrl-C, "stop" in a notebook) ends the worker processes and raises KeyboardInterrupt; finished
    clips and scores are kept.

    Args:
        *experiments: registered names of the experiments, such as "table2b".
        corpus: registered name of the corpus whose clips are scored; None for the default of the experiment.
        train_corpus: registered name of the corpus whose training split models learn from, such as "demo" while
            corpus="vctk" is scored; None for the scored corpus. Models that learn nothing do not depend on it.
        data_root: folder that holds the corpora in their public layouts.
        budget: amount of training: "smoke", "quick", "standard" or "paper"; None for "quick", or "standard" if there
            is a GPU.
        protocol: reading of the paper: "reference", "paper" or "fixed"; None for the default of the budget.
        changes: changed settings of models and corpora, {"inr-siren.steps": 500}, or texts as for --set,
            ["inr-siren.steps=500"].
        filters: conditions "model~text" or "row~text"; only rows that fulfil all of them are run.
        split: split whose clips are scored: "train", "validation" or "all"; None for the default of the experiment.
        manifest: manifest file that fixes which clips are scored, as `hsbench corpus prepare` writes it; None for the
            clips of the corpus as it is here.
        limit: largest number of clips to score; a later run can raise it and keeps what is there.
        seeds: number of seeds; each fit is repeated with the seeds 0 to seeds - 1.
        device: device to compute on: "auto", "cpu" or "cuda".
        jobs: number of cells computed at the same time, among which the CPU cores are divided; None for one per core in
            experiments of many small cells, such as overview, else 1.
        processes: number of processes that train one hypernetwork together.
        eager: with "cuda", whether networks run without being compiled and without CUDA graphs, for debugging.
        timeout: seconds after which a cell is stopped; None for the limit of the budget.
        engine: where cells are computed: "local" (this machine), "dask" or "slurm".
        address: with "dask", the address of the scheduler, such as "tcp://host:8786".
        slurm: with "slurm", parameters of the jobs, such as {"partition": "gpu"}.
        cold: with "local", whether each cell is started by a command; by default a server imports torch once and forks
            the processes of the cells. The results are the same.
        rerun: what to compute in addition to missing work: "never" (nothing, and failed cells stay failed), "failed"
            (failed cells), "stale" (also cells that another version of hsbench computed), "all" (every cell; the old
            cells are moved to superseded/).
        networks: folders with exported networks, looked into before those of the environment variable HSBENCH_NETWORKS,
            of installed packages and of hsbench itself. A cell adopts a network of its own specification.
        retrain: whether to train every network here; rerun="all" implies it.
        imports: Python files that register models, metrics, corpora or experiments.
        results: results folder to read and write.
        baselines: folder with published numbers; None for those of the package.
        progress: whether to show progress: bars on a terminal and in a notebook, lines elsewhere.

    Returns:
        The study, with its tables as DataFrame, Markdown and LaTeX; a notebook displays it as a table.

    Raises:
        UnknownNameError: an experiment, corpus, budget, protocol, model, metric or setting has no such name.
        UsageError: a value is out of range, or two options contradict each other.
        BackendMissingError: the package of the engine is not installed.

    Example:
        >>> import hsbench, tempfile
        >>> study = hsbench.run("sanity", budget="smoke", limit=2, filters=["row~identity"],
        ...                     results=tempfile.mkdtemp(), progress=False)
        >>> study.complete
        True
        >>> summary = study.summary()
        >>> float(summary[summary.metric == "si_snr"]["mean"].iloc[0]) > 90
        True
    """
    request = Request(
        experiments=experiments,
        corpus=corpus,
        budget=budget,
        protocol=protocol,
        changes=settings.nested(changes) if isinstance(changes, Mapping) else settings.parse(changes),
        filters=tuple(filters),
        split=split,
        manifest=None if manifest is None else Path(manifest),
        data_root=None if data_root is None else Path(data_root),
        limit=limit,
        seeds=seeds,
        device=device,
        jobs=jobs,
        processes=processes,
        eager=eager,
        timeout=timeout,
        train_corpus=train_corpus,
        networks=tuple(Path(folder) for folder in networks),
        retrain=retrain,
    )
    return run_request(
        request,
        Path(results),
        rerun=rerun,
        engine=Choice(engine, address, dict(slurm or {}), cold),
        imports=import_files([Path(path) for path in imports]),
        baselines=None if baselines is None else Path(baselines),
        display=watcher() if progress else Display(),
        command=(_call(request),),
    )


def run_request(
    request: Request,
    folder: Path,
    *,
    rerun: str,
    engine: Choice,
    imports: Sequence[str],
    baselines: Path | None,
    display: Display,
    command: Sequence[str],
    announce: Callable[[Planned], None] | None = None,
) -> Study:
    """Run a request; `run` documents the meaning of its options.

    Args:
        request: the options that the user gave.
        folder: the results folder.
        rerun: one of RERUN.
        engine: name and options of the engine.
        imports: absolute paths of plug-in files, already run in this process; worker processes run them too.
        baselines: folder with published numbers; None for those of the package.
        display: shows progress.
        command: command line or Python call of the run, kept as provenance.
        announce: called with the plan before the work begins.

    Raises:
        HsbenchError: for the reasons that `run` lists.
    """
    if rerun not in RERUN:
        raise UnknownNameError("rerun rule", rerun, RERUN)
    if rerun == "all":  # computing everything again includes the trainings
        request = dataclasses.replace(request, retrain=True)
    selections, results = select(request), Results(check_utf8("--results", folder))
    resources = resources_of(selections)
    local = engine.name == "local"  # elsewhere, the time until a cell starts is that of a queue
    row_scores = RowScores(display, results)
    listener = StartTimer(row_scores, results, resources) if local else row_scores
    chosen = create(engine, results, resources, listener)
    _prepare(selections, resources.threads * resources.jobs, quiet=display.silent)
    plan = _plan(selections, results, resources, rerun)
    for view in plan.views:
        results.write_view(view)
    row_scores.views = plan.views
    if announce is not None:
        announce(Planned(plan, results, resources))
    pending = [planned for planned in plan.cells if _wanted(planned, rerun)]
    if resources.jobs > 1:  # cells that take long begin first, so that the places are filled until the end
        pending.sort(key=lambda planned: -planned.seconds)
    with display if pending else nullcontext():
        outcomes = chosen.run(pending, imports, command)
    by_key = {planned.cell.key: outcome for planned, outcome in zip(pending, outcomes, strict=True)}
    return Study(results, planning.make(selections, results, resources), by_key, baselines)


def _call(request: Request) -> str:
    """Return the Python call of `run` that leads to a request, as text for the provenance."""
    defaults, options = vars(Request(())), vars(request)
    changed = {name: value for name, value in options.items() if value != defaults[name]}
    names = [repr(name) for name in changed.pop("experiments", ())]
    if "changes" in changed:
        changed["changes"] = {
            f"{name}.{key}": value for name, values in request.changes.items() for key, value in values.items()
        }
    arguments = [f"{name}={str(value) if isinstance(value, Path) else value!r}" for name, value in changed.items()]
    return f"hsbench.run({', '.join([*names, *arguments])})"


def _plan(selections: Sequence[Selection], results: Results, resources: Resources, rerun: str) -> Plan:
    """Return the plan, after moving the cells that are to be computed again to superseded/."""
    plan = planning.make(selections, results, resources)
    states = {"all": ("done", "partial", "failed", "stale"), "stale": ("stale",)}.get(rerun, ())
    outdated = [planned for planned in plan.cells if planned.state in states]
    for planned in outdated:
        results.set_aside(planned.cell)
    return planning.make(selections, results, resources) if outdated else plan


def _prepare(selections: Sequence[Selection], workers: int, *, quiet: bool) -> None:
    """Prepare the corpora of a request that are not in the cache yet.

    A corpus that cannot be prepared is skipped if only single rows name it; the plan then lists these rows as absent.
    """
    for selection in selections:
        training = () if selection.train_corpus is None else (selection.train_corpus,)
        for name in dict.fromkeys((*training, *selection.corpora)):
            try:
                _, corpus = open_corpus(name, selection.request.data_root, selection.request.changes)
                prepare_missing(corpus, workers, quiet=quiet)
            except HsbenchError:
                if name in training or not selection.may_be_absent(name):
                    raise


def _wanted(planned: PlannedCell, rerun: str) -> bool:
    """Return whether a cell is to be computed."""
    return planned.pending and not (planned.state == "failed" and rerun == "never")


def _by_key(plan: Plan) -> list[tuple[str, PlannedCell]]:
    """Return (key, planned cell) for each cell of a plan."""
    return [(planned.cell.key, planned) for planned in plan.cells]


def _problems(plan: Plan, outcomes: Mapping[str, Outcome]) -> tuple[set[str], list[str]]:
    """Return the statuses of incomplete rows and cells, and one sentence for each of them."""
    sentences = [f"{row}: {reason}" for row, reason in plan.absent.items()]
    statuses = {"absent"} if plan.absent else set()
    for key, planned in _by_key(plan):
        if planned.pending:
            outcome = outcomes.get(key)
            why = f"{outcome.status}: {outcome.message}" if outcome else planned.reason or planned.state
            sentences.append(f"{', '.join(planned.rows)}: {why}")
            statuses.add(outcome.status if outcome else planned.state)
    return statuses, sentences
