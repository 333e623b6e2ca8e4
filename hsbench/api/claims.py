"""Verdicts on the claims of the paper, from a results folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.api.tables import matching
from hsbench.errors import IncompleteError
from hsbench.results.store import Results

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hsbench.analysis.claims.stored import Judgement
    from hsbench.results.view import View

CLAIMS, SWITCHES = "claims", "protocols"
"""Experiments of the claims, and of the protocol switches."""
FORMATS = ("markdown", "json")


def judged(
    folder: Path, corpus: str | None = None, budget: str | None = None, protocol: str | None = None
) -> list[Judgement]:
    """Return the verdicts of a results folder, one judgement for each group of corpus, budget and protocol.

    Args:
        folder: the results folder.
        corpus: only results on this corpus; None for any corpus.
        budget: only results with this budget; None for any budget.
        protocol: only results with this protocol; None for any protocol.

    Raises:
        UnknownNameError: there is no such protocol.
        IncompleteError: the experiment `claims` was not run.
    """
    results = Results(folder)
    views = matching(results, [CLAIMS], corpus, budget, protocol) if CLAIMS in results.experiments() else []
    if not views:
        raise IncompleteError(
            f"expected results of the experiment {CLAIMS} in {folder}, got none; run it first: hsbench run {CLAIMS}"
        )
    return [of_view(results, view) for view in views]


def of_view(results: Results, view: View) -> Judgement:
    """Return the verdicts of one view of the experiment `claims`."""
    from hsbench.analysis.claims import stored, switches, verdicts

    beside = results.views(SWITCHES).values() if SWITCHES in results.experiments() else ()
    changes = [change for other in beside if other.group == view.group for change in switches.changes(results, other)]
    return stored.judgement(view, verdicts.judge(results, view), changes)


def rendered(judgements: Iterable[Judgement], output_format: str) -> str:
    """Return judgements as text.

    Args:
        judgements: the verdicts of each group.
        output_format: one of FORMATS.
    """
    from hsbench.analysis.claims import stored
    from hsbench.report import claims_page

    render = {"markdown": claims_page.table, "json": stored.written}[output_format]
    return "\n".join(render(judgement) for judgement in judgements)


def after_run(folder: Path, views: Iterable[View]) -> str:
    """Return what a run of the experiments `claims` and `protocols` ends with; "" for all other experiments.

    Args:
        folder: the results folder.
        views: the views of the run.
    """
    from hsbench.analysis.claims import switches
    from hsbench.report import claims_page

    results, views = Results(folder), list(views)
    parts = [claims_page.table(of_view(results, view)) for view in views if view.experiment == CLAIMS]
    if not parts:
        changes = [switches.changes(results, view) for view in views if view.experiment == SWITCHES]
        parts = [claims_page.switches(listed) + "\n" for listed in changes if listed]
    return "\n".join(parts)
