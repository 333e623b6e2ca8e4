"""May a number stand beside a published one? Only with every reason against it answered.

Comparable means: the published corpus, complete; the full validation manifest, no limit; budget paper; protocol
reference or paper; settings as published; clean code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.analysis.published import PublishedTable
    from hsbench.results.view import View, ViewRow


def reasons(view: View, row: ViewRow, provenances: Sequence[Mapping[str, Any]], table: PublishedTable) -> list[str]:
    """Return why a row is not comparable with its published table; empty when it is.

    Args:
        view: what was asked for.
        row: a row of the view.
        provenances: what computed each cell of the row, as the cells' folders hold it.
        table: the published table that the row would be compared with.
    """
    found, corpus = [], view.corpus(row)
    if row.corpus not in table.corpora:
        found.append(f"corpus {row.corpus} ({corpus.description}) instead of {' or '.join(table.corpora)}")
    found += corpus.incomplete
    if view.split != "validation":
        found.append(f"split {view.split} instead of validation")
    if len(corpus.clips) < view.clips_paper:
        found.append(f"{len(corpus.clips)} clips instead of {view.clips_paper}")
    if view.budget != "paper":
        found.append(f"budget {view.budget} instead of paper")
    if view.protocol not in ("reference", "paper"):
        found.append(f"protocol {view.protocol} instead of reference or paper")
    if row.changed:
        found.append("settings changed: " + "; ".join(row.changed))
    if any(session["code"]["dirty"] for made in provenances for session in made.get("sessions", ())):
        found.append("code with uncommitted changes")
    return found
