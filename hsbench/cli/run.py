"""`hsbench run`: plan, compute the missing work cell by cell, and print the tables."""

from __future__ import annotations

import json
import signal
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hsbench.cli import options, screen
from hsbench.cli.plan import show as show_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMATS = ("text", "markdown")
"""Formats of the tables that a run prints."""


def run(
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
    eager: options.Eager = False,
    timeout: options.Timeout = None,
    engine: options.Engine = "local",
    address: options.Address = None,
    slurm: options.Slurm = None,
    cold: options.Cold = False,
    rerun: Annotated[
        str,
        typer.Option(
            help="What to compute in addition to missing work: never (nothing; failed cells stay failed), failed "
            "(failed cells), stale (also cells that another version of hsbench computed), all (every cell; the old "
            "cells are moved to superseded/)."
        ),
    ] = "failed",
    networks: options.Networks = None,
    retrain: options.Retrain = False,
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
    baselines: options.Baselines = None,
    output_format: Annotated[
        str | None,
        typer.Option(
            "--format", help="Format of the tables: text or markdown. Default: text on a terminal, else markdown."
        ),
    ] = None,
    wide: options.Wide = False,
    html: Annotated[
        bool,
        typer.Option("--html/--no-html", help="Whether an experiment such as overview ends with an HTML report."),
    ] = True,
) -> None:
    """Run experiments and print their tables. Only work that is missing in the results folder is computed.

    An experiment is a table, and every row needs one or more cells. A cell is one fit of a model, with its settings,
    corpus, budget, protocol and random seed.
    """
    from hsbench.api import claims, closing, reports, runs
    from hsbench.api.progress import watcher
    from hsbench.api.registered import import_files
    from hsbench.api.request import Choice, Request, parse_changes
    from hsbench.errors import InterruptedRunError, UnknownNameError

    if output_format not in (None, *FORMATS):
        raise UnknownNameError("format", output_format, FORMATS)
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
        eager=eager,
        timeout=timeout,
        networks=tuple(networks or ()),
        retrain=retrain,
    )
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # SIGTERM, which schedulers send, ends the run as Ctrl-C does
    try:
        study = runs.run_request(
            request,
            results,
            rerun=rerun,
            engine=Choice(engine, address, _slurm_parameters(slurm), cold),
            imports=import_files(imports),
            baselines=baselines,
            display=watcher(),
            command=("hsbench", *(text.encode("utf-8", "backslashreplace").decode() for text in sys.argv[1:])),
            announce=lambda planned: show_plan(planned, wide=wide),
        )
    except KeyboardInterrupt:
        raise InterruptedRunError from None
    print()
    if screen.chosen(output_format, wide=wide) == "text":
        screen.show(study.drawn(columns := screen.width(wide=wide)), columns)
    else:
        print(study.to_markdown())
    for sentence in closing.sentences(study):
        screen.say(sentence)
    if verdicts := claims.after_run(results, study.views):
        print(verdicts)
    print(f"wrote {reports.write_readme(results, baselines)}")
    if html and (page := closing.write_page(study, results, baselines)) is not None:
        print(f"wrote {page}; open it in a browser to listen")
    study.require_complete()


def _slurm_parameters(texts: Sequence[str] | None) -> dict[str, Any]:
    """Parse the parameters of Slurm jobs; a value that is not valid JSON is kept as text.

    Raises:
        UsageError: a text does not have the form KEY=VALUE.
    """
    from hsbench.errors import UsageError

    parameters: dict[str, Any] = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not (equals and key.isidentifier() and value):
            raise UsageError(f"--slurm expects KEY=VALUE, such as partition=gpu, got {text!r}.")
        try:
            parameters[key] = json.loads(value)
        except ValueError:
            parameters[key] = value
    return parameters
