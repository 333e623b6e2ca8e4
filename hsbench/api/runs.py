"""Running experiments: plan, do the missing work cell by cell, and return what came out as a Study."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench.api.corpora import prepare_missing
from hsbench.api.progress import Display, watcher
from hsbench.api.registered import import_files
from hsbench.api.tables import Table
from hsbench.errors import BackendMissingError, HsbenchError, IncompleteError, UnknownNameError
from hsbench.execution.engines.choose import Choice, create
from hsbench.planning import changes as settings
from hsbench.planning import plan as planning
from hsbench.planning import text
from hsbench.planning.corpus_view import open_corpus
from hsbench.planning.request import Request
from hsbench.planning.resources import resources_of
from hsbench.planning.selection import select
from hsbench.results.store import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hsbench.execution.process import Outcome
    from hsbench.planning.plan import Plan, PlannedCell
    from hsbench.planning.selection import Selection
    from hsbench.spec import Resources

RERUN = ("never", "failed", "stale", "all")
"""What is computed besides missing work, see `run`."""


class Study(Table):
    """What a run came to: its tables, and which cells did not get done and why.

    Attributes:
        outcomes: folder name of each cell that was worked on -> how it ended (status and message).
        problems: a sentence for each row or cell that is incomplete.
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
        """Whether everything that was asked for is computed, and something was."""
        return not self.problems and bool(self._plan.cells)

    def sections(self) -> list[tuple[str, str]]:
        """Return each group's table in Markdown in two parts: what was measured, and what was published of it."""
        from hsbench.report.markdown import PUBLISHED, markdown

        parts = [markdown([table]).partition(PUBLISHED) for table in self.groups]
        return [(ours, mark + published) for ours, mark, published in parts]

    def require_complete(self) -> None:
        """Raise where something that was asked for is missing.

        Raises:
            BackendMissingError: all that is missing needs a package or device that is not there.
            IncompleteError: a cell did not get done, or nothing was measured.
        """
        if not self.problems:
            if not self._plan.cells:
                raise IncompleteError(f"nothing was measured: {'; '.join(self._plan.not_given.values())}")
            return
        total = len(self._plan.cells) + len(self._plan.absent)
        said = "\n  ".join(self.problems)
        text = f"{len(self.problems)} of {total} cells are incomplete; run the same command again to go on.\n  {said}"
        raise (BackendMissingError if self._statuses == {"unavailable"} else IncompleteError)(text)


def run(
    *experiments: str,
    corpus: str | None = None,
    data_root: str | Path | None = None,
    budget: str | None = None,
    protocol: str | None = None,
    changes: Mapping[str, Any] | Iterable[str] = (),
    filters: Iterable[str] = (),
    split: str | None = None,
    limit: int | None = None,
    seeds: int = 1,
    device: str = "auto",
    jobs: int = 1,
    processes: int = 1,
    timeout: float | None = None,
    engine: str = "local",
    address: str | None = None,
    slurm: Mapping[str, Any] | None = None,
    rerun: str = "failed",
    imports: Iterable[str | Path] = (),
    results: str | Path = "results",
    baselines: str | Path | None = None,
    progress: bool = True,
) -> Study:
    """Run experiments; only what is missing in the results folder is computed.

    The options are those of `hsbench run`. A cell that fails does not raise: the study says which one and why. An
    interrupt (Ctrl-C, "stop" in a notebook) ends the workers and raises KeyboardInterrupt; what was finished is kept.

    Args:
        *experiments: registered names, such as "table2b".
        corpus: registered name; the experiment's own by default.
        data_root: folder that holds the corpus in its public layout.
        budget: smoke, quick, standard or paper; quick by default, standard where there is a GPU.
        protocol: reference, paper or fixed; the budget's own by default.
        changes: settings to change, {"inr-siren.steps": 500}, or texts as --set takes them, ["inr-siren.steps=500"].
        filters: only rows that match all of these, each "model~text" or "row~text".
        split: train, validation or all; the experiment's own by default.
        limit: largest number of clips to score; more can follow later.
        seeds: number of seeds with which each fit is repeated.
        device: auto, cpu or cuda.
        jobs: number of cells computed at the same time; CPU threads are shared out among them.
        processes: number of processes that train one hypernetwork together.
        timeout: seconds after which a cell is stopped; the budget's own limit by default.
        engine: local (this machine), dask or slurm.
        address: with dask, the scheduler, such as tcp://host:8786.
        slurm: with slurm, parameters of the jobs, such as {"partition": "gpu"}.
        rerun: what to compute besides missing work: never (not even failed cells), failed (failed cells again), stale
            (also anew what another version made), all (everything anew; the old cells are set aside).
        imports: Python files that register models, metrics, corpora or experiments.
        results: folder to write into.
        baselines: folder with published numbers; the packaged one by default.
        progress: whether to show progress; a terminal and a notebook get bars, anything else lines.

    Returns:
        The study: tables as DataFrames, Markdown, LaTeX, and shown in a notebook.

    Raises:
        UnknownNameError: an experiment, corpus, budget, protocol, model, metric or setting has no such name.
        UsageError: a value is out of range, or options contradict each other.
        BackendMissingError: the engine's package is not installed.

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
        data_root=None if data_root is None else Path(data_root),
        limit=limit,
        seeds=seeds,
        device=device,
        jobs=jobs,
        processes=processes,
        timeout=timeout,
    )
    return run_request(
        request,
        Path(results),
        rerun=rerun,
        engine=Choice(engine, address, dict(slurm or {})),
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
    announce: Callable[[str], None] | None = None,
) -> Study:
    """Run a request; see `run` for what its options mean.

    Args:
        request: what the user asked for.
        folder: the results folder.
        rerun: one of RERUN.
        engine: which engine, and its own options.
        imports: absolute paths of plug-in files that are registered already; the workers run them too.
        baselines: folder with published numbers.
        display: shows progress.
        command: what the user typed, for provenance.
        announce: takes the plan as text before the work begins.

    Raises:
        HsbenchError: as `run` does.
    """
    if rerun not in RERUN:
        raise UnknownNameError("rerun rule", rerun, RERUN)
    selections, results = select(request), Results(folder)
    resources = resources_of(selections)
    chosen = create(engine, results, resources, display)
    _prepare(selections, resources.threads * resources.jobs, quiet=display.silent)
    plan = _plan(selections, results, resources, rerun)
    for view in plan.views:
        results.write_view(view)
    if announce is not None:
        announce(text.table(plan, resources))
    pending = [planned for planned in plan.cells if _wanted(planned, rerun)]
    with display if pending else nullcontext():
        outcomes = chosen.run(pending, imports, command)
    by_key = {planned.cell.key: outcome for planned, outcome in zip(pending, outcomes, strict=True)}
    return Study(results, planning.make(selections, results, resources), by_key, baselines)


def _call(request: Request) -> str:
    """The call of `run` that makes a request, as provenance keeps it."""
    plain, given = vars(Request(())), vars(request)
    changed = {name: value for name, value in given.items() if value != plain[name]}
    names = [repr(name) for name in changed.pop("experiments", ())]
    if "changes" in changed:
        changed["changes"] = {f"{name}.{key}": v for name, one in request.changes.items() for key, v in one.items()}
    options = [f"{name}={str(value) if isinstance(value, Path) else value!r}" for name, value in changed.items()]
    return f"hsbench.run({', '.join([*names, *options])})"


def _plan(selections: Sequence[Selection], results: Results, resources: Resources, rerun: str) -> Plan:
    """The plan, after the cells that are wanted anew were set aside."""
    plan = planning.make(selections, results, resources)
    anew = {"all": ("done", "partial", "failed", "stale"), "stale": ("stale",)}.get(rerun, ())
    outdated = [planned for planned in plan.cells if planned.state in anew]
    for planned in outdated:
        results.set_aside(planned.cell)
    return planning.make(selections, results, resources) if outdated else plan


def _prepare(selections: Sequence[Selection], workers: int, *, quiet: bool) -> None:
    """Prepare the corpora that a request needs and that are not in the cache; the plan says which are absent."""
    for selection in selections:
        for name in selection.corpora:
            try:
                _, corpus = open_corpus(name, selection.request.data_root, selection.request.changes)
                prepare_missing(corpus, workers, quiet=quiet)
            except HsbenchError:
                if not selection.may_be_absent(name):
                    raise


def _wanted(planned: PlannedCell, rerun: str) -> bool:
    """Whether a cell is to be worked on."""
    return planned.pending and not (planned.state == "failed" and rerun == "never")


def _by_key(plan: Plan) -> list[tuple[str, PlannedCell]]:
    return [(planned.cell.key, planned) for planned in plan.cells]


def _problems(plan: Plan, outcomes: Mapping[str, Outcome]) -> tuple[set[str], list[str]]:
    """Statuses of what is incomplete, and a sentence for each."""
    said = [f"{row}: {reason}" for row, reason in plan.absent.items()]
    statuses = {"absent"} if plan.absent else set()
    for key, planned in _by_key(plan):
        if planned.pending:
            outcome = outcomes.get(key)
            why = f"{outcome.status}: {outcome.message}" if outcome else planned.reason or planned.state
            said.append(f"{', '.join(planned.rows)}: {why}")
            statuses.add(outcome.status if outcome else planned.state)
    return statuses, said
