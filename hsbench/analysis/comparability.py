"""May a number stand beside a published one? Only with every reason against it answered.

Comparable means: the published corpus, complete; the full validation manifest, no limit; budget paper; protocol
reference or paper; settings as published; clean code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.analysis.published import PublishedTable


def reasons(
    request: Mapping[str, Any],
    ground: Mapping[str, Any],
    row: Mapping[str, Any],
    provenances: Sequence[Mapping[str, Any]],
    table: PublishedTable,
) -> list[str]:
    """Why a row is not comparable with its published table; empty when it is.

    Args:
        request: the view's group.
        ground: the corpus of the row, as the view has it.
        row: the view's row.
        provenances: of the row's cells.
        table: what it would be compared with.
    """
    found = []
    if row["corpus"] not in table.corpora:
        found.append(f"corpus {row['corpus']} ({ground['description']}) instead of {' or '.join(table.corpora)}")
    found += ground["incomplete"]
    if request["split"] != "validation":
        found.append(f"split {request['split']} instead of validation")
    if len(ground["clips"]) < request["clips_paper"]:
        found.append(f"{len(ground['clips'])} clips instead of {request['clips_paper']}")
    if request["budget"] != "paper":
        found.append(f"budget {request['budget']} instead of paper")
    if request["protocol"] not in ("reference", "paper"):
        found.append(f"protocol {request['protocol']} instead of reference or paper")
    if row["changed"]:
        found.append("settings changed: " + "; ".join(row["changed"]))
    if any(session["code"]["dirty"] for made in provenances for session in made.get("sessions", ())):
        found.append("code with uncommitted changes")
    return found
