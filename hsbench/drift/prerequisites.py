"""What must be true of a checkout and of results before they may be blessed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import hsbench
from hsbench.errors import IncompleteError, UsageError
from hsbench.metrics.base import info
from hsbench.results import provenance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hsbench.results.store import Results


def checkout() -> Path:
    """The root of the checkout that this hsbench runs from.

    Raises:
        UsageError: it is an installed package, or files differ from the commit.
    """
    code, root = provenance.code(), Path(hsbench.__file__).parent.parent
    if code["commit"] is None:
        raise UsageError(f"bless writes into a git checkout of hsbench, and {root} is none; clone it and bless there.")
    if code["dirty"]:
        raise UsageError(f"bless expects a clean tree, and files of {root} differ from {code['commit'][:12]}; commit.")
    return root


def require_complete(store: Results, request: Mapping[str, Any]) -> None:
    """Refuse results with a hole, and those of other code than the reruns will be.

    Raises:
        IncompleteError: a cell failed, a score is missing, or another commit or uncommitted changes made it.
    """
    if lacking := list(_lacking(store, request)):
        raise IncompleteError(
            f"only complete results can be blessed, and {'; '.join(lacking)}; run {request['experiment']} again first."
        )
    if strange := list(_strange(store, request)):
        raise IncompleteError(
            f"bless expects results of the code that it runs, and {'; '.join(strange)}; "
            f"run {request['experiment']} into a fresh folder (--results) and bless that."
        )


def _lacking(store: Results, request: Mapping[str, Any]) -> Iterator[str]:
    versions = {metric: info(metric).version for metric in request["metrics"]}
    for row in request["rows"]:
        if not row["cells"]:
            yield f"row {row['row']} has no cells"
        for name in row["cells"]:
            folder = store.folder(name)
            status = folder.status().get("status", "missing")
            scored, clips = folder.scored(), request["corpora"][row["corpus"]]["clips"]
            holes = sum((clip, m, v) not in scored for clip in clips for m, v in versions.items())
            if status != "done":
                yield f"{name} is {status}"
            elif holes:
                yield f"{name} lacks {holes} scores"


def _strange(store: Results, request: Mapping[str, Any]) -> Iterator[str]:
    """Cells that other code made: their difference from the reruns would pass for noise."""
    commit = provenance.code()["commit"]
    for name in [name for row in request["rows"] for name in row["cells"]]:
        codes = [session["code"] for session in store.folder(name).provenance().get("sessions", [])]
        if any(code["dirty"] for code in codes):
            yield f"{name} was made by code with uncommitted changes"
        elif others := [code["commit"] for code in codes if code["commit"] != commit]:
            yield f"{name} was made at commit {str(others[0])[:12]} and this is {str(commit)[:12]}"
