"""Plans: which cells an experiment needs and what is missing; computes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench.planning import plan as planning
from hsbench.planning import text
from hsbench.planning.resources import resources_of
from hsbench.planning.selection import select
from hsbench.results.store import Results

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hsbench.planning.request import Request


def as_text(request: Request, results: Path) -> str:
    """Return the plan of a request for people: a line per cell, then the sum.

    Raises:
        UnknownNameError: an experiment, corpus, budget, protocol, model, metric or setting has no such name.
        UsageError: a value is out of range, or nothing is left after filtering.
    """
    selections = select(request)
    resources = resources_of(selections)
    return text.table(planning.make(selections, Results(results), resources), resources)


def as_document(request: Request, results: Path, imports: Sequence[str]) -> dict[str, Any]:
    """Return the plan of a request for schedulers: each cell, its job, and the command that works on it.

    Args:
        request: what the user asked for.
        results: the results folder.
        imports: Python files that register plug-ins.

    Raises:
        UnknownNameError: as `as_text` does.
        UsageError: as `as_text` does.
    """
    selections, store = select(request), Results(results)
    resources = resources_of(selections)
    return text.document(planning.make(selections, store, resources), store, resources, imports)
