"""What must be true of a checkout and of results before they may be blessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.errors import IncompleteError, UsageError
from hsbench.results import provenance
from hsbench.results.pending import PendingWork
from hsbench.version import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hsbench.results.store import Results
    from hsbench.results.view import View


def checkout() -> Path:
    """Return the root of the checkout that this hsbench runs from.

    Raises:
        UsageError: it is an installed package, or files differ from the commit.
    """
    code, root = provenance.code(), PACKAGE.parent
    if code["commit"] is None:
        raise UsageError(f"bless writes into a git checkout of hsbench, and {root} is none; clone it and bless there.")
    if code["dirty"]:
        raise UsageError(f"bless expects a clean tree, and files of {root} differ from {code['commit'][:12]}; commit.")
    return root


def require_complete(results: Results, view: View) -> None:
    """Refuse results with a hole, and those of other code than the reruns will be.

    Raises:
        IncompleteError: a cell failed, a score is missing, or another commit or uncommitted changes made it.
    """
    if lacking := list(_lacking(results, view)):
        raise IncompleteError(
            f"only complete results can be blessed, and {'; '.join(lacking)}; run {view.experiment} again first."
        )
    if strange := list(_of_other_code(results, view)):
        raise IncompleteError(
            f"bless expects results of the code that it runs, and {'; '.join(strange)}; "
            f"run {view.experiment} into a fresh folder (--results) and bless that."
        )


def _lacking(results: Results, view: View) -> Iterator[str]:
    """What is missing of a view, a phrase each."""
    yield from (f"row {row.name} has no cells" for row in view.rows if not row.cells)
    for row, name in view.cells():
        folder = results.folder(name)
        status = folder.status().get("status", "missing")
        scores = PendingWork(folder, row.model, view.corpus(row).clips, view.metrics).scores
        if status != "done":
            yield f"{name} is {status}"
        elif scores:
            yield f"{name} lacks {scores} scores"


def _of_other_code(results: Results, view: View) -> Iterator[str]:
    """Cells that other code made: their difference from the reruns would pass for noise."""
    commit = provenance.code()["commit"]
    for _, name in view.cells():
        codes = [session["code"] for session in results.folder(name).provenance().get("sessions", [])]
        if any(code["dirty"] for code in codes):
            yield f"{name} was made by code with uncommitted changes"
        elif others := [code["commit"] for code in codes if code["commit"] != commit]:
            yield f"{name} was made at commit {str(others[0])[:12]} and this is {str(commit)[:12]}"
