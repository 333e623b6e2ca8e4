"""`hsbench plan`: the cells of an experiment, what is done and what is missing; computes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from hsbench.cli import options

if TYPE_CHECKING:
    from hsbench.planning.plan import Plan
    from hsbench.results.store import Results
    from hsbench.spec import Resources


def plan(
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
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
    output: Annotated[
        str, typer.Option("--format", help="text or json (cells with the command that works on each).")
    ] = "text",
) -> None:
    """Show which cells an experiment needs, what is missing, and the estimated time."""
    from hsbench.cli import asking
    from hsbench.errors import UnknownNameError
    from hsbench.planning import plan as planner
    from hsbench.results.store import Results

    if output not in ("text", "json"):
        raise UnknownNameError("format", output, ("text", "json"))
    files = asking.import_files(imports)
    request, resources = asking.settled(context.params)
    store = Results(results)
    made = planner.make(request, store, resources)
    if output == "json":
        print(json.dumps(document(made, store, resources, files), indent=2))
    else:
        print(table(made, resources))


def table(made: Plan, resources: Resources) -> str:
    """The plan for people: a line per cell, then the sum."""
    rows = [("state", "cell", "clips to fit", "scores to compute", "estimate")]
    for work in made.works:
        estimate = duration(work.seconds) if work.seconds else ""
        rows.append((work.state, work.cell.folder, f"{work.unbuilt}/{len(work.clips)}", str(work.unscored), estimate))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines += [f"{work.cell.folder}: {work.reason}" for work in made.works if work.reason]
    lines += [f"{row}: absent: {reason}" for row, reason in made.absent.items()]
    lines += [f"{row}: {reason}" for row, reason in made.not_given.items()]
    total = sum(work.seconds for work in made.works) / resources.jobs
    where = f"{resources.device}, {resources.jobs} at once, {resources.threads} CPU threads each"
    lines.append(
        f"{len(made.works)} cells, about {duration(total)} of work ({where})" if total else "nothing is missing"
    )
    return "\n".join(lines)


def document(made: Plan, store: Results, resources: Resources, imports: tuple[str, ...]) -> dict[str, object]:
    """The plan for schedulers: each cell, its job, and the command that does it once `job_file` holds the job."""
    from hsbench.planning.job import command

    cells = []
    for work in made.works:
        folder = store.cell(work.cell)
        cells.append(
            {
                "key": work.cell.key,
                "folder": str(folder.path),
                "rows": work.rows,
                "state": work.state,
                "reason": work.reason,
                "clips_to_fit": work.unbuilt,
                "scores_to_compute": work.unscored,
                "estimated_seconds": round(work.seconds, 1),
                "job_file": str(folder.job),
                "job": work.job(resources, imports, ()).document(),
                "command": command(folder.path, folder.job, resources.processes),
            }
        )
    return {"schema": 1, "cells": cells, "absent": made.absent, "not_given": made.not_given}


def duration(seconds: float) -> str:
    """A length of time for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"
