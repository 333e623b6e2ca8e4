"""`hsbench run`: plan, do the missing work cell by cell, end with the table."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hsbench.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.cli.progress import BarProgress, PlainProgress
    from hsbench.execution.engines.base import Engine
    from hsbench.execution.process import Outcome
    from hsbench.planning.plan import Plan, Work
    from hsbench.planning.resolve import Request
    from hsbench.results.store import Results
    from hsbench.spec import Resources

RERUN = ("never", "failed", "stale", "all")


def run(
    context: typer.Context,
    experiments: options.Experiments,
    corpus: options.Corpus = None,
    data_root: options.DataRoot = None,
    budget: options.BudgetName = None,
    protocol: options.Protocol = None,
    changes: options.Set = None,
    filters: options.Filter = None,
    split: options.Split = None,
    limit: options.Limit = None,
    seeds: options.Seeds = 1,
    device: options.Device = "auto",
    jobs: options.Jobs = 1,
    processes: options.Processes = 1,
    timeout: options.Timeout = None,
    engine: options.Engine = "local",
    address: options.Address = None,
    slurm: options.Slurm = None,
    rerun: Annotated[
        str,
        typer.Option(
            help="Besides missing work: never (leave failed cells alone), failed (try them again), "
            "stale (also anew what another version made), all (everything anew; the old cells are set aside)."
        ),
    ] = "failed",
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
    baselines: options.Baselines = None,
) -> None:
    """Run experiments: only what is missing is computed. Ends with the table."""
    from hsbench.cli import asking, progress, report
    from hsbench.cli import plan as planning
    from hsbench.errors import UnknownNameError
    from hsbench.execution.engines.choose import create
    from hsbench.planning import plan as planner
    from hsbench.results.store import Results

    if rerun not in RERUN:
        raise UnknownNameError("rerun rule", rerun, RERUN)
    files = asking.import_files(imports)
    request, resources = asking.settled(context.params)
    store, watcher = Results(results), progress.watcher()
    chosen = create(asking.engine(engine, address, slurm), store, resources, watcher)
    _prepare(request, resources)
    made = _plan(request, store, resources, rerun)
    for (experiment, group), view in made.views.items():
        store.write_view(experiment, group, view)
    print(planning.table(made, resources), flush=True)
    todo = [work for work in made.works if _wanted(work, rerun)]
    outcomes = _work(chosen, watcher, todo, files)
    print()
    for experiment, group in made.views:
        report.show(store, experiment, group, baselines)
    report.note(store, baselines)
    _judge(
        {work.cell.key: one for work, one in zip(todo, outcomes, strict=True)}, planner.make(request, store, resources)
    )


def _plan(request: Request, store: Results, resources: Resources, rerun: str) -> Plan:
    """The plan, after the cells that are wanted anew were set aside."""
    from hsbench.planning import plan as planner

    made = planner.make(request, store, resources)
    anew = {"all": ("done", "partial", "failed", "stale"), "stale": ("stale",)}.get(rerun, ())
    outdated = [work for work in made.works if work.state in anew]
    for work in outdated:
        store.set_aside(work.cell)
    return planner.make(request, store, resources) if outdated else made


def _work(
    engine: Engine, watcher: PlainProgress | BarProgress, todo: Sequence[Work], files: Sequence[str]
) -> list[Outcome]:
    """Run what is missing, watched; an interrupt or a scheduler's word ends it in one sentence."""
    from hsbench.errors import InterruptedRunError

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with watcher:
            return engine.run(todo, files, ("hsbench", *sys.argv[1:]))
    except KeyboardInterrupt:
        raise InterruptedRunError("interrupted; run the same command again to go on.") from None


def _prepare(request: Request, resources: Resources) -> None:
    """Prepare the corpora that the request needs and that are not in the cache; the plan says which are absent."""
    from hsbench import registry
    from hsbench.cli.corpus import prepare_now
    from hsbench.errors import HsbenchError
    from hsbench.planning.corpus_view import open_corpus
    from hsbench.planning.resolve import corpus_names

    for name in request.experiments:
        experiment = registry.get("experiments", name).load()()
        own = {row.corpus for row in experiment.rows} - {None, request.corpus}
        for corpus_name in corpus_names(experiment, request):
            try:
                _, corpus = open_corpus(corpus_name, request.data_root, request.changes)
                prepare_now(corpus, resources.threads * resources.jobs)
            except HsbenchError:
                if corpus_name not in own:
                    raise


def _wanted(work: Work, rerun: str) -> bool:
    if work.state == "failed" and rerun == "never":
        return False
    return bool(work.unbuilt or work.unscored)


def _judge(outcomes: dict[str, Outcome], after: Plan) -> None:
    """Exit with the code that the end deserves.

    Raises:
        BackendMissingError: all that is missing needs a package or device that is not there.
        IncompleteError: a cell did not get done, or nothing was measured.
    """
    from hsbench.errors import BackendMissingError, IncompleteError

    open_cells = [work for work in after.works if work.unbuilt or work.unscored]
    if not open_cells and not after.absent:
        if not after.works:
            raise IncompleteError(f"nothing was measured: {'; '.join(after.not_given.values())}")
        return
    said = [f"{row}: {reason}" for row, reason in after.absent.items()]
    statuses = {"absent"} if after.absent else set()
    for work in open_cells:
        outcome = outcomes.get(work.cell.key)
        why = f"{outcome.status}: {outcome.message}" if outcome else work.reason or work.state
        said.append(f"{', '.join(work.rows)}: {why}")
        statuses.add(outcome.status if outcome else work.state)
    total = len(after.works) + len(after.absent)
    text = f"{len(said)} of {total} cells are incomplete; run the same command again to go on.\n  " + "\n  ".join(said)
    if statuses == {"unavailable"}:
        raise BackendMissingError(text)
    raise IncompleteError(text)
