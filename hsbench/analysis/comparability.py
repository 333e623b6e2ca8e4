"""Why a measured value may not be compared with a published one.

A row is comparable with a published table only if all of this holds: the corpus is the published one and complete;
the model learned from no other corpus; every clip of the validation split was evaluated; the budget is `paper`; the
protocol is `reference` or `paper`; no setting was changed; and the code had no uncommitted changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.analysis.published import PublishedTable
    from hsbench.results.view import View, ViewRow


def reasons(view: View, row: ViewRow, provenances: Sequence[Mapping[str, Any]], table: PublishedTable) -> list[str]:
    """Return every reason why a row is not comparable with a published table; empty where it is comparable.

    Args:
        view: the view that the row belongs to, with its corpora, budget, protocol and split.
        row: the row of the view.
        provenances: for each cell of the row, its provenance.json: the working sessions with the code that each ran.
        table: the published table that the row would be compared with.
    """
    against, corpus = [], view.corpus(row)
    if row.corpus not in table.corpora:
        against.append(f"corpus {row.corpus} ({corpus.description}) instead of {' or '.join(table.corpora)}")
    against += corpus.incomplete
    if (trained := view.training(row)) is not None:
        against.append(f"trained on {trained} instead of the training split of {row.corpus}")
    if (split := view.split_of(row)) != "validation":
        against.append(f"split {split} instead of validation")
    if (number := len(corpus.clips)) < view.clips_paper:
        against.append(f"{number} clip{'' if number == 1 else 's'} instead of {view.clips_paper}")
    if view.budget != "paper":
        against.append(f"budget {view.budget} instead of paper")
    if view.protocol not in ("reference", "paper"):
        against.append(f"protocol {view.protocol} instead of reference or paper")
    if row.changed:
        against.append(row.settings)
    if any(session["code"]["dirty"] for provenance in provenances for session in provenance.get("sessions", ())):
        against.append("code with uncommitted changes")
    return against
