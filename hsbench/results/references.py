"""The original clips (references) that estimates are compared with, stored once for all cells of a results folder."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from hsbench.audio.frames import silent_share
from hsbench.audio.io import wav_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.corpora.base import Corpus, Item
    from hsbench.results.store import Results


def add(results: Results, corpus: Corpus, fingerprint: str, items: Sequence[Item]) -> None:
    """Store the clips that the results folder does not hold yet, 32 at a time.

    Args:
        results: results folder to write to.
        corpus: corpus that the clips are loaded from.
        fingerprint: SHA-256 of the corpus, hexadecimal.
        items: manifest entries of the wanted clips.
    """
    known = results.references()
    missing = [item for item in items if (fingerprint, item.id) not in known]
    for start in range(0, len(missing), 32):
        results.add_references([_row(corpus, fingerprint, item) for item in missing[start : start + 32]])


def _row(corpus: Corpus, fingerprint: str, item: Item) -> tuple[Mapping[str, Any], bytes]:
    """Return the row of a clip in references/clips.jsonl, and its audio file as bytes."""
    clip = corpus.load(item)
    digest = hashlib.sha256(clip.waveform.tobytes()).hexdigest()
    row = {
        "clip": clip.id,
        "corpus": corpus.name,
        "fingerprint": fingerprint,
        "speaker": clip.speaker,
        "sex": clip.sex,
        "source": clip.source,
        "offset": clip.offset,
        "samples": int(clip.waveform.size),
        "sample_rate": clip.sample_rate,
        "silent_frames": silent_share(clip.waveform, clip.sample_rate),
        "audio": f"{digest}.wav",
    }
    return row, wav_bytes(clip.waveform, clip.sample_rate)
