"""The card of a trained cell, from the records in its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.errors import HsbenchError
from hsbench.metrics.base import info, split_rate
from hsbench.networks.card import Card

if TYPE_CHECKING:
    from hsbench.results.cell_folder import CellFolder
    from hsbench.spec import Cell

SCORED = 8
"""Clips whose scores are on a card, at most."""


def card_of(folder: CellFolder, cell: Cell, sha256: str, licence: str) -> Card:
    """Return the card of a trained cell.

    Args:
        folder: folder of the cell that trained the network.
        cell: its specification.
        sha256: SHA-256 of the tensors, hexadecimal.
        licence: licence of the network, or "".
    """
    corpus, facts = cell.train_corpus or cell.corpus, folder.fit()
    sessions = folder.provenance().get("sessions", [])
    first = sessions[0] if sessions else {}
    code = first.get("code") or {}
    try:
        descriptor = registry.corpus(corpus.name)
        description, data_licence = descriptor.description, descriptor.licence
    except HsbenchError:  # the corpus of a plug-in that is not installed here
        description, data_licence = "", ""
    seconds = facts.get("seconds")
    return Card(
        sha256=sha256,
        corpus=corpus.name,
        description=description,
        fingerprint=str(corpus["fingerprint"]),
        seed=cell.seed,
        steps=int(facts.get("steps") or 0),
        device=str(first.get("gpu") or first.get("cpu") or first.get("device") or ""),
        precision=str(dict(cell.budget.settings).get("precision", "fp32")),
        hours=round(float(seconds) / 3600, 4) if isinstance(seconds, int | float) else 0.0,
        hsbench=str(code.get("hsbench", "")),
        commit=str(code.get("commit") or ""),
        data_licence=data_licence or "not stated",
        weights_licence=licence or "not stated",
        scores=_scores(folder),
    )


def _scores(folder: CellFolder) -> dict[str, dict[str, float]]:
    """Return the scores of the first clips that were rebuilt, by clip and metric."""
    scores: dict[str, dict[str, float]] = {clip: {} for clip in list(folder.reconstructions())[:SCORED]}
    for (clip, metric, version), row in folder.scores().items():
        name, rate = split_rate(metric)
        if clip in scores and rate is None and row["value"] is not None and version == info(name).version:
            scores[clip][metric] = row["value"]
    return {clip: of_clip for clip, of_clip in scores.items() if of_clip}
