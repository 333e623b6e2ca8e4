"""`hsbench run`: plan, do the missing work cell by cell, end with the table."""

from __future__ import annotations

import json
import signal
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hsbench.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.api.runs import Study


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
    from hsbench.api import reports, runs
    from hsbench.api.progress import watcher
    from hsbench.api.registered import import_files
    from hsbench.api.request import Choice, Request, parse_changes
    from hsbench.errors import InterruptedRunError

    request = Request(
        experiments=tuple(experiments),
        corpus=corpus,
        budget=budget,
        protocol=protocol,
        changes=parse_changes(changes or ()),
        filters=tuple(filters or ()),
        split=split,
        data_root=data_root,
        limit=limit,
        seeds=seeds,
        device=device,
        jobs=jobs,
        processes=processes,
        timeout=timeout,
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a scheduler's word ends the run as Ctrl-C does
    try:
        study = runs.run_request(
            request,
            results,
            rerun=rerun,
            engine=Choice(engine, address, _slurm_parameters(slurm)),
            imports=import_files(imports),
            baselines=baselines,
            display=watcher(),
            command=("hsbench", *sys.argv[1:]),
            announce=lambda text: print(text, flush=True),
        )
    except KeyboardInterrupt:
        raise InterruptedRunError("interrupted; run the same command again to go on.") from None
    print()
    _show(study)
    print(f"wrote {reports.write_readme(results, baselines)}")
    study.require_complete()


def _show(study: Study) -> None:
    """Print the Markdown of each group; on a terminal, what was published stands in grey."""
    grey, plain = ("\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "")
    for ours, published in study.sections():
        print(ours + (grey + published + plain if published else ""))


def _slurm_parameters(texts: Sequence[str] | None) -> dict[str, Any]:
    """Parameters of Slurm jobs; a value is JSON where it can be, else text.

    Raises:
        UsageError: a text is not KEY=VALUE.
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
