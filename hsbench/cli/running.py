"""`hsbench run`: plan, do the missing work cell by cell, end with the table."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hsbench.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.run.engine import Outcome
    from hsbench.run.plan import Work
    from hsbench.run.resolve import Request
    from hsbench.spec import Resources

RERUN = ("never", "failed", "stale", "all")


def run(
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
    timeout: options.Timeout = None,
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
    from hsbench.cli import asking, planning, progress, reporting
    from hsbench.errors import InterruptedRunError, UnknownNameError
    from hsbench.run import plan as planner
    from hsbench.run.engine import LocalEngine
    from hsbench.run.resolve import Request
    from hsbench.run.store import Results

    if rerun not in RERUN:
        raise UnknownNameError("rerun rule", rerun, RERUN)
    files = asking.import_files(imports)
    request = Request(
        tuple(experiments),
        corpus,
        budget,
        protocol,
        tuple(changes or ()),
        tuple(filters or ()),
        split,
        data_root,
        limit,
        seeds,
    )
    resources = asking.resources(device, jobs, timeout, budget)
    store = Results(results)
    _prepare(request, resources)
    made = planner.make(request, store, resources)
    anew = {"all": ("done", "partial", "failed", "stale"), "stale": ("stale",)}.get(rerun, ())
    if outdated := [work for work in made.works if work.state in anew]:
        for work in outdated:
            store.set_aside(work.cell)
        made = planner.make(request, store, resources)
    for (experiment, group), view in made.views.items():
        store.write_view(experiment, group, view)
    print(planning.table(made, resources), flush=True)
    todo = [work for work in made.works if _wanted(work, rerun)]
    asked = ("hsbench", *sys.argv[1:])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with progress.watcher() as watcher:
            outcomes = LocalEngine(store, resources, watcher).run(todo, files, asked)
    except KeyboardInterrupt:
        raise InterruptedRunError("interrupted; run the same command again to go on.") from None
    print()
    for experiment, group in made.views:
        reporting.show(store, experiment, group, baselines)
    _judge(
        made.works,
        dict(zip((work.cell.key for work in todo), outcomes, strict=True)),
        planner.make(request, store, resources).works,
    )


def _prepare(request: Request, resources: Resources) -> None:
    """Prepare the corpora that the request needs and that are not in the cache."""
    from hsbench import registry
    from hsbench.cli.corpora import prepare_now
    from hsbench.run.resolve import corpus_of

    for name in request.experiments:
        _, corpus = corpus_of(request, registry.get("experiments", name).load()())
        prepare_now(corpus, resources.threads * resources.jobs)


def _wanted(work: Work, rerun: str) -> bool:
    if work.state == "failed" and rerun == "never":
        return False
    return bool(work.unbuilt or work.unscored)


def _judge(works: Sequence[Work], outcomes: dict[str, Outcome], after: Sequence[Work]) -> None:
    """Exit with the code that the end deserves.

    Raises:
        BackendMissingError: all that is missing needs a package or device that is not there.
        IncompleteError: a cell did not get done, or nothing was measured.
    """
    from hsbench.errors import BackendMissingError, IncompleteError

    open_cells = [work for work in after if work.unbuilt or work.unscored]
    if not open_cells:
        return
    del works
    said = []
    for work in open_cells:
        outcome = outcomes.get(work.cell.key)
        why = f"{outcome.status}: {outcome.message}" if outcome else work.reason or work.state
        said.append(f"{', '.join(work.rows)}: {why}")
    text = (
        f"{len(open_cells)} of {len(after)} cells are incomplete; run the same command again to go on.\n  "
        + "\n  ".join(said)
    )
    if all((outcomes.get(w.cell.key) and outcomes[w.cell.key].status) == "unavailable" for w in open_cells):
        raise BackendMissingError(text)
    raise IncompleteError(text)
