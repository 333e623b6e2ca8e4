"""Plans: the cells that a request needs and the work that is missing in each. Nothing is computed."""

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
    """Return the plan of a request as a text table: one line per cell, then the total time.

    Args:
        request: the options that the user gave.
        results: the results folder.

    Raises:
        UnknownNameError: an experiment, corpus, budget, protocol, model, metric or setting has no such name.
        UsageError: a value is out of range, or no row matches.
    """
    selections = select(request)
    resources = resources_of(selections)
    return text.table(planning.make(selections, Results(results), resources), resources)


def as_document(request: Request, results: Path, imports: Sequence[str]) -> dict[str, Any]:
    """Return the plan of a request as a JSON document: each cell with its job and the command that computes it.

    Args:
        request: the options that the user gave.
        results: the results folder.
        imports: absolute paths of Python files that register plug-ins.

    Raises:
        UnknownNameError: an experiment, corpus, budget, protocol, model, metric or setting has no such name.
        UsageError: a value is out of range, or no row matches.
    """
    selections, store = select(request), Results(results)
    resources = resources_of(selections)
    return text.document(planning.make(selections, store, resources), store, resources, imports)
