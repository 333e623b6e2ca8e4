"""The card of a trained network: what it was trained on, how, by which code, and what it scores.

The card is part of the exported file (metadata `card`, JSON). The name of a network ends with the first eight
hexadecimal digits of the SHA-256 of its tensors, so a network that was trained again has another name, and no name ever
stands for two networks.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.errors import DataError, HsbenchError
from hsbench.files import parsed
from hsbench.networks import tensors
from hsbench.spec import Cell

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCHEMA = 1
SUFFIX = ".safetensors"
NAME = re.compile(r"[a-z0-9][a-z0-9.-]*-[0-9a-f]{8}")
"""Form of the name of a network."""


@dataclass(frozen=True)
class Card:
    """Facts about a trained network.

    Attributes:
        sha256: SHA-256 of the tensors, hexadecimal.
        corpus: name of the corpus that it was trained on.
        description: what that corpus is, such as "synthetic speech".
        fingerprint: SHA-256 of that corpus with its splits, hexadecimal.
        seed: seed of the training.
        steps: training steps.
        device: "cpu" or "cuda", or the name of the GPU.
        precision: name of the precision policy.
        hours: duration of the training.
        hsbench: version that trained it.
        commit: commit of that version, or "".
        data_licence: licence of the recordings.
        weights_licence: licence of the network, or "not stated".
        scores: clip -> metric -> score, of up to eight clips of the corpus.
    """

    sha256: str
    corpus: str
    description: str
    fingerprint: str
    seed: int
    steps: int
    device: str
    precision: str
    hours: float
    hsbench: str
    commit: str
    data_licence: str
    weights_licence: str
    scores: Mapping[str, Mapping[str, float]]

    def document(self) -> dict[str, Any]:
        """Return the card as a JSON value."""
        return {"schema": SCHEMA, **dataclasses.asdict(self)}


@dataclass(frozen=True)
class NetworkFile:
    """A file with a trained network and its card.

    Attributes:
        path: the file.
        cell: specification of the cell whose training it is.
        card: its card.
    """

    path: Path
    cell: Cell
    card: Card

    @property
    def name(self) -> str:
        """Name of the network, by which commands know it."""
        return name_of(self.cell, self.card.sha256)


def name_of(cell: Cell, sha256: str) -> str:
    """Return the name of a network: <model>-<corpus>-<compression ratio>-<budget>-s<seed>-<8 digits of the SHA-256>.

    Args:
        cell: specification of the cell whose training it is.
        sha256: SHA-256 of its tensors, hexadecimal.
    """
    ratio = dict(cell.model.settings).get("compression_ratio")
    corpus = (cell.train_corpus or cell.corpus).name
    parts = [cell.model.name, corpus, *([] if ratio is None else [f"{ratio:.3g}x"]), cell.budget.name, f"s{cell.seed}"]
    return "-".join([*parts, sha256[:8]])


def read(path: Path) -> NetworkFile:
    """Read the card of a file.

    Raises:
        DataError: the file is no network with a card, is damaged, or its card is of a newer schema.
    """
    texts = tensors.header(path).texts
    try:
        document = parsed(texts["card"].encode())
        if document.pop("schema") != SCHEMA:
            raise DataError(
                f"the card of {path} has another schema than {SCHEMA}, which this hsbench reads; update it."
            )
        card = Card(**{field.name: document[field.name] for field in dataclasses.fields(Card)})
        cell = Cell.read(parsed(texts["cell"].encode()))
        if not (isinstance(card.sha256, str) and re.fullmatch("[0-9a-f]{64}", card.sha256)):
            raise ValueError("sha256 is none")
    except DataError:
        raise
    except (HsbenchError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise DataError(
            f"expected a network that hsbench export wrote, and {path} has no whole card ({error}); export it again."
        ) from error
    return NetworkFile(path, cell, card)
