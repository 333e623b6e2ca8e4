"""Conditions that a checkout and its results must meet before they may be blessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.errors import IncompleteError, UsageError
from hsbench.planning.text import quantity
from hsbench.results import provenance
from hsbench.results.pending import PendingWork
from hsbench.version import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hsbench.results.store import Results
    from hsbench.results.view import View


def checkout() -> Path:
    """Return the root of the git checkout that this hsbench runs from.

    Raises:
        UsageError: hsbench runs from an installed package, or files of the checkout differ from its commit.
    """
    code, root = provenance.code(), PACKAGE.parent
    if code["commit"] is None:
        raise UsageError(f"bless writes into a git checkout of hsbench, and {root} is none; clone it and bless there.")
    if code["dirty"]:
        raise UsageError(f"bless expects a clean tree, and files of {root} differ from {code['commit'][:12]}; commit.")
    return root


def require_complete(results: Results, view: View) -> None:
    """Refuse results that are incomplete, or that other code computed than the code that the reruns will use.

    Args:
        results: the results folder.
        view: view to bless.

    Raises:
        IncompleteError: a cell failed, a score is missing, or another commit or uncommitted code computed a cell.
    """
    if gaps := list(_gaps(results, view)):
        raise IncompleteError(
            f"only complete results can be blessed, and {'; '.join(gaps)}; run {view.experiment} again first."
        )
    if cells_of_other_code := list(_of_other_code(results, view)):
        raise IncompleteError(
            f"bless expects results of the code that it runs, and {'; '.join(cells_of_other_code)}; "
            f"run {view.experiment} into an empty folder (--results) and bless that."
        )


def _gaps(results: Results, view: View) -> Iterator[str]:
    """Yield a phrase for each row without cells and each cell that is not complete."""
    yield from (f"row {row.name} has no cells" for row in view.rows if not row.cells)
    for row, name in view.cells():
        folder = results.folder(name)
        status = folder.status().get("status", "missing")
        scores = PendingWork(folder, row.model, view.corpus(row).clips, view.metrics).scores
        if status != "done":
            yield f"{name} is {status}"
        elif scores:
            yield f"{name} lacks {quantity(scores, 'score')}"


def _of_other_code(results: Results, view: View) -> Iterator[str]:
    """Yield a phrase for each cell that other code computed, whose difference from the reruns would look like noise."""
    commit = provenance.code()["commit"]
    for _, name in view.cells():
        codes = [session["code"] for session in results.folder(name).provenance().get("sessions", [])]
        if any(code["dirty"] for code in codes):
            yield f"{name} was computed by code with uncommitted changes"
        elif others := [code["commit"] for code in codes if code["commit"] != commit]:
            yield f"{name} was computed at commit {str(others[0])[:12]} and this is {str(commit)[:12]}"
