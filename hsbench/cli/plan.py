"""`hsbench plan`: show the cells of an experiment, and what is done or missing in each; computes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from hsbench.cli import options, screen

if TYPE_CHECKING:
    from hsbench.api.plans import Planned


def plan(
    experiments: options.Experiments,
    corpus: options.Corpus = None,
    train_corpus: options.TrainCorpus = None,
    data_root: options.DataRoot = None,
    budget: options.BudgetName = None,
    protocol: options.Protocol = None,
    changes: options.Set = None,
    filters: options.Filter = None,
    split: options.Split = None,
    manifest: options.Manifest = None,
    limit: options.Limit = None,
    seeds: options.Seeds = 1,
    device: options.Device = "auto",
    jobs: options.Jobs = None,
    processes: options.Processes = 1,
    networks: options.Networks = None,
    retrain: options.Retrain = False,
    eager: options.Eager = False,
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
    output: Annotated[
        str,
        typer.Option(
            "--format",
            help="Format of the plan: text, or json (each cell with its job and the command that computes it).",
        ),
    ] = "text",
    wide: options.Wide = False,
) -> None:
    """Show which cells an experiment needs, what is missing, and the estimated time. Computes nothing.

    A cell is one fit of a model, with its settings, corpus, budget, protocol and random seed.
    """
    from hsbench.api import plans
    from hsbench.api.registered import import_files
    from hsbench.api.request import Request, parse_changes
    from hsbench.errors import UnknownNameError

    if output not in ("text", "json"):
        raise UnknownNameError("format", output, ("text", "json"))
    files = import_files(imports)
    request = Request(
        experiments=tuple(experiments),
        corpus=corpus,
        train_corpus=train_corpus,
        budget=budget,
        protocol=protocol,
        changes=parse_changes(changes or ()),
        filters=tuple(filters or ()),
        split=split,
        manifest=manifest,
        data_root=data_root,
        limit=limit,
        seeds=seeds,
        device=device,
        jobs=jobs,
        processes=processes,
        networks=tuple(networks or ()),
        retrain=retrain,
        eager=eager,
    )
    planned = plans.make(request, results)
    if output == "json":
        print(json.dumps(planned.as_document(files), indent=2))
    else:
        show(planned, wide=wide)
    planned.require_possible()


def show(planned: Planned, *, wide: bool) -> None:
    """Print a plan: drawn to the width of a terminal, or as plain text where standard output is none."""
    if screen.interactive() or wide:
        screen.show(planned.drawn(columns := screen.width(wide=wide)), columns)
    else:
        print(planned.as_text(), flush=True)
