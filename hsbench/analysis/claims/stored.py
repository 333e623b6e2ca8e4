"""Verdicts as a JSON document, which `hsbench claims --format json` writes and docs/claims.md is generated from."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.analysis.claims.base import VERDICTS
from hsbench.analysis.claims.definitions import CLAIMS
from hsbench.analysis.claims.intervals import Interval
from hsbench.analysis.claims.switches import Change
from hsbench.analysis.claims.verdicts import Finding, Verdict
from hsbench.errors import DataError
from hsbench.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hsbench.results.view import View


@dataclass(frozen=True)
class Judgement:
    """The verdicts of one results folder, and where they come from.

    Attributes:
        corpus: corpus with its description.
        budget: name of the budget.
        protocol: full name of the protocol.
        version: version of hsbench.
        limit: largest number of clips that the user allowed (--limit); None where the experiment's own was used.
        verdicts: one for each claim.
        changes: what the protocol switches change; empty where the experiment `protocols` was not run.
    """

    corpus: str
    budget: str
    protocol: str
    version: str
    limit: int | None
    verdicts: tuple[Verdict, ...]
    changes: tuple[Change, ...] = ()


def judgement(view: View, verdicts: Sequence[Verdict], changes: Sequence[Change]) -> Judgement:
    """Return the verdicts with the circumstances of the view that they come from."""
    corpus = ", ".join(f"{name} ({facts.description})" for name, facts in view.corpora.items())
    return Judgement(corpus, view.budget, view.protocol, __version__, view.limit, tuple(verdicts), tuple(changes))


def written(judged: Judgement) -> str:
    """Return verdicts as a JSON text; a claim is stored by its name."""
    document: dict[str, Any] = {
        "corpus": judged.corpus,
        "budget": judged.budget,
        "protocol": judged.protocol,
        "hsbench": judged.version,
        "limit": judged.limit,
        "verdicts": [
            {
                "claim": verdict.claim.name,
                "verdict": verdict.verdict,
                "command": verdict.command,
                "findings": [dataclasses.asdict(finding) for finding in verdict.findings],
            }
            for verdict in judged.verdicts
        ],
        "switches": [
            {**dataclasses.asdict(change), "found": None if change.found is None else change.found._asdict()}
            for change in judged.changes
        ],
    }
    return json.dumps(document, indent=1) + "\n"


def read(path: Path) -> Judgement:
    """Read verdicts from a file.

    Raises:
        DataError: the file is missing or was not written by hsbench, or it names other claims than there are.
    """
    claims = {claim.name: claim for claim in CLAIMS}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        verdicts = tuple(
            Verdict(
                claims[entry["claim"]],
                VERDICTS[VERDICTS.index(entry["verdict"])],
                tuple(Finding(**finding) for finding in entry["findings"]),
                entry["command"],
            )
            for entry in document["verdicts"]
        )
        changes = tuple(
            Change(**{**entry, "found": None if entry["found"] is None else Interval(**entry["found"])})
            for entry in document["switches"]
        )
        corpus, budget, protocol, version = (document[name] for name in ("corpus", "budget", "protocol", "hsbench"))
        return Judgement(corpus, budget, protocol, version, document["limit"], verdicts, changes)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} should hold verdicts written by `hsbench claims --format json`, but {error!r}; write it again."
        ) from error
