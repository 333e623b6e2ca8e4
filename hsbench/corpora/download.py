"""Download of public corpora through torchaudio.datasets, which knows their addresses and checksums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.error import URLError

import torchaudio

from hsbench.errors import IncompleteError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def fetch(name: str, dataset: str, data_root: Path, settings: Mapping[str, Any]) -> None:
    """Download and unpack a corpus.

    Args:
        name: registered name of the corpus, for messages.
        dataset: name of the class in torchaudio.datasets.
        data_root: folder to download into; it is created if it is missing.
        settings: settings of the corpus; `subset` selects a part of LibriSpeech.

    Raises:
        IncompleteError: there is no network, or the server does not respond.
    """
    options = {"url": settings["subset"]} if "subset" in settings else {}
    data_root.mkdir(parents=True, exist_ok=True)
    try:
        getattr(torchaudio.datasets, dataset)(root=str(data_root), download=True, **options)
    except (URLError, ConnectionError, TimeoutError) as error:
        raise IncompleteError(
            f"{name} could not be downloaded ({getattr(error, 'reason', error)}); get it on a machine with a network, "
            f"copy it below {data_root}, then: hsbench corpus prepare {name} --data-root {data_root}"
        ) from None
