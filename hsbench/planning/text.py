"""A plan as a text table for people, and as a JSON document for schedulers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench.planning.estimate import makespan
from hsbench.planning.job import command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.planning.plan import Plan, PlannedCell
    from hsbench.results.store import Results
    from hsbench.spec import Resources


READABLE = 100
"""Width to which sentences are wrapped where everything is shown."""
HEAD = ("state", "row", "clips to fit", "scores", "estimate", "cell")
"""Headings of the table of a plan; names of folders come last, since a reader looks for rows."""


def table(plan: Plan, resources: Resources) -> str:
    """Return a plan as a text table: one line per cell, then the reasons for failures, then the total time.

    Args:
        plan: plan of a request.
        resources: device, threads and number of cells at a time.
    """
    rows = [HEAD, *lines(plan)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    aligned = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*aligned, *remarks(plan, resources)])


def lines(plan: Plan) -> list[tuple[str, ...]]:
    """Return the line of each cell of a plan, with the columns HEAD."""
    shown: list[tuple[str, ...]] = []
    for planned in plan.cells:
        estimate = duration(planned.seconds) if planned.seconds else ""
        clips = f"{planned.rebuilds}/{len(planned.clips)}"
        shown.append((planned.state, _row_names(planned), clips, str(planned.scores), estimate, planned.cell.folder))
    return shown


def remarks(plan: Plan, resources: Resources) -> list[str]:
    """Return the sentences below the table of a plan: reasons for failures, what is absent, and the total time.

    Args:
        plan: plan of a request.
        resources: device, threads and number of cells at a time.
    """
    sentences = [f"{planned.label}: {planned.reason}" for planned in plan.cells if planned.reason]
    sentences += [f"{row}: absent: {reason}" for row, reason in plan.absent.items()]
    sentences += [f"{row}: {reason}" for row, reason in plan.not_given.items()]
    adopting = [planned for planned in plan.cells if planned.network is not None and planned.rebuilds]
    sentences += [f"{planned.label}: adopts {planned.network.name}" for planned in adopting if planned.network]
    if adopting:
        sentences.append(
            "adopted networks were trained elsewhere with the same specification; --retrain trains them here"
        )
    trained = [view for view in plan.views if view.train_corpus]
    sentences += [f"{view.experiment}: models trained on {view.train_corpus}" for view in trained]
    total = makespan((planned.seconds for planned in plan.cells if planned.seconds), resources.jobs)
    if total:
        sentences.append(f"{quantity(len(plan.cells), 'cell')}, about {duration(total)} of work ({_where(resources)})")
        if plan.projection:
            sentences.append(plan.projection)
    else:
        sentences.append("nothing is missing")
    return sentences


def _row_names(planned: PlannedCell) -> str:
    """Return the name of a cell's first row, and how many other rows show the same cell."""
    others = len(planned.rows) - 1
    return f"{planned.label} and {quantity(others, 'more row')}" if others else planned.label


def _where(resources: Resources) -> str:
    """Return the resources of a run as text, such as "cpu, 2 cells at a time, 1 CPU thread each"."""
    cells, threads = quantity(resources.jobs, "cell"), quantity(resources.threads, "CPU thread")
    return f"{resources.device}, {cells} at a time, {threads} each"


def document(plan: Plan, results: Results, resources: Resources, imports: Sequence[str]) -> dict[str, Any]:
    """Return a plan as a JSON document for schedulers.

    Each cell comes with its job and with the command that computes it, once the job is written to the path `job_file`.

    Args:
        plan: plan of a request.
        results: the results folder.
        resources: device, threads and processes of each cell.
        imports: absolute paths of Python files that register plug-ins.
    """
    cells = []
    for planned in plan.cells:
        folder = results.cell(planned.cell)
        cells.append(
            {
                "key": planned.cell.key,
                "folder": str(folder.path),
                "rows": planned.rows,
                "state": planned.state,
                "reason": planned.reason,
                "clips_to_fit": planned.rebuilds,
                "scores_to_compute": planned.scores,
                "estimated_seconds": round(planned.seconds, 1),
                "job_file": str(folder.job),
                "job": planned.job(resources, imports, ()).document(),
                "command": command(folder.path, folder.job, resources.processes),
            }
        )
    complete = {"schema": 1, "cells": cells, "absent": plan.absent, "not_given": plan.not_given}
    return {**complete, "projection": plan.projection} if plan.projection else complete


def duration(seconds: float) -> str:
    """Return a duration in seconds as text with a suitable unit, such as "20 s" or "3.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"


def quantity(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun, such as "1 cell" or "2 cells".

    Args:
        number: the number of things.
        singular: noun for one thing.
        plural: noun for any other number; None appends an "s" to the singular.
    """
    return f"{number} {singular if number == 1 else plural or singular + 's'}"
