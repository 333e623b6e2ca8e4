"""A plan as text for people, and as a document for schedulers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench.planning.job import command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.planning.plan import Plan
    from hsbench.results.store import Results
    from hsbench.spec import Resources


def table(plan: Plan, resources: Resources) -> str:
    """Return the plan for people: a line per cell, then the sum."""
    rows = [("state", "cell", "clips to fit", "scores to compute", "estimate")]
    for planned in plan.cells:
        estimate = duration(planned.seconds) if planned.seconds else ""
        clips = f"{planned.rebuilds}/{len(planned.clips)}"
        rows.append((planned.state, planned.cell.folder, clips, str(planned.scores), estimate))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines += [f"{planned.cell.folder}: {planned.reason}" for planned in plan.cells if planned.reason]
    lines += [f"{row}: absent: {reason}" for row, reason in plan.absent.items()]
    lines += [f"{row}: {reason}" for row, reason in plan.not_given.items()]
    total = sum(planned.seconds for planned in plan.cells) / resources.jobs
    where = f"{resources.device}, {resources.jobs} at once, {resources.threads} CPU threads each"
    lines.append(
        f"{len(plan.cells)} cells, about {duration(total)} of work ({where})" if total else "nothing is missing"
    )
    return "\n".join(lines)


def document(plan: Plan, results: Results, resources: Resources, imports: Sequence[str]) -> dict[str, Any]:
    """Return the plan for schedulers: each cell, its job, and the command that does it once `job_file` holds the job.

    Args:
        plan: of a request.
        results: the results folder.
        resources: of each cell.
        imports: Python files that register plug-ins.
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
    return {"schema": 1, "cells": cells, "absent": plan.absent, "not_given": plan.not_given}


def duration(seconds: float) -> str:
    """Return a length of time for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"
