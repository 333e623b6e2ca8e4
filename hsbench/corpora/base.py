"""What a corpus offers: a manifest without audio, and clips one at a time.

Conventions: offsets and lengths are in samples at the corpus's rate; a manifest lists its items sorted by id.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, overload

import numpy as np

from hsbench.audio.passages import Passages, joined
from hsbench.errors import DataError, UnknownNameError
from hsbench.files import sha256_json

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip

SPLITS = ("train", "validation")


@dataclass(frozen=True)
class Source:
    """Where a corpus is read from and how it is prepared; what every registered corpus is made from.

    Attributes:
        data_root: folder that holds the public layout, or None.
        settings: (name, value) pairs, the descriptor's defaults with the user's changes.
    """

    data_root: Path | None = None
    settings: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Item:
    """A clip before it is loaded.

    Attributes:
        id: clip id.
        speaker: the corpus's name.
        sex: "F", "M" or "".
        source: file, relative to the corpus.
        offset: first sample inside the source.
        samples: length.
        sha256: of the source's 16-bit samples, hexadecimal.
    """

    id: str
    speaker: str
    sex: str
    source: str
    offset: int
    samples: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The clips of one split, sorted by id, and how they were prepared.

    Attributes:
        corpus: name.
        version: of the corpus reader.
        split: "train" or "validation".
        sample_rate: in Hz.
        preparation: block rule, normalisation and resampler, as JSON scalars.
        items: sorted by id.
    """

    corpus: str
    version: int
    split: str
    sample_rate: int
    preparation: tuple[tuple[str, Any], ...]
    items: tuple[Item, ...]

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 over split, preparation and every item: changes whenever a clip would sound different."""
        return sha256_json(self._content())

    def document(self) -> dict[str, Any]:
        """As JSON, with the fingerprint over all the rest."""
        return {"corpus": self.corpus, "version": self.version, "fingerprint": self.fingerprint, **self._content()}

    def _content(self) -> dict[str, Any]:
        return {
            "split": self.split,
            "sample_rate": self.sample_rate,
            "preparation": dict(self.preparation),
            "items": [dataclasses.asdict(item) for item in self.items],
        }

    @property
    def samples(self) -> int:
        """Samples per clip (all clips are equally long)."""
        return int(dict(self.preparation)["clip_samples"])

    def evaluation(self) -> tuple[Item, ...]:
        """The items in the order in which they are scored: torch.randperm(len, seed 0) over the sorted ids."""
        return tuple(self.items[index] for index in permutation(len(self.items)))


@dataclass(frozen=True, eq=False)
class AtRate:
    """The sound of a clip at a rate above the corpus's own.

    Attributes:
        waveform: [time] float64, divided by the same number as the clip.
        seconds: [time] float64, when each sample lies after the first sample of the clip.
    """

    waveform: NDArray[np.float64]
    seconds: NDArray[np.float64]


class Corpus(Protocol):
    """What an object registered as a corpus must do. It is made from a Source.

    A corpus that must be prepared also has `prepared() -> bool` and `prepare(workers, progress)`; one whose training
    crops come from more than its clips also has `passages(split) -> Passages`; one whose sources have a higher rate
    also has `load_at(item, rate) -> AtRate | None`.
    """

    name: str
    version: int

    def manifest(self, split: str) -> Manifest:
        """The clips of a split; reads no audio."""
        ...

    def load(self, item: Item) -> Clip:
        """The waveform of one item, prepared as the manifest says."""
        ...

    def completeness(self) -> tuple[str, ...]:
        """Why this is not the complete public release; empty when it is."""
        ...


def check_split(split: str) -> str:
    """Give the split back if there is one of that name.

    Raises:
        UnknownNameError: there is none.
    """
    if split not in SPLITS:
        raise UnknownNameError("split", split, SPLITS)
    return split


def fingerprint(corpus: Corpus) -> str:
    """SHA-256 over the manifests of all splits: what a cell's key knows of a corpus."""
    manifests = (manifest_or_none(corpus, split) for split in SPLITS)
    return sha256_json([None if one is None else one.fingerprint for one in manifests])


def manifest_or_none(corpus: Corpus, split: str) -> Manifest | None:
    """The manifest of a split, or None where a small corpus leaves it empty."""
    try:
        return corpus.manifest(split)
    except DataError:
        return None


def permutation(count: int, seed: int = 0) -> list[int]:
    """What torch.randperm(count, generator=torch.Generator().manual_seed(seed)) gives on a CPU, without torch.

    Fisher-Yates over the raw 32-bit output of a Mersenne Twister seeded by init_genrand; the order of the published
    validation set stands on it.
    """
    twister = np.random.MT19937()
    twister._legacy_seeding(seed)
    order = list(range(count))
    for index, raw in enumerate(twister.random_raw(max(0, count - 1))):
        other = index + int(raw) % (count - index)
        order[index], order[other] = order[other], order[index]
    return order


class Clips(Sequence["Clip"]):
    """Clips that are loaded when they are asked for, in the order in which they are scored: [index] -> Clip."""

    def __init__(self, corpus: Corpus, items: Sequence[Item], split: str | None = None) -> None:
        self.corpus, self.items, self.split = corpus, items, split

    @classmethod
    def of(cls, corpus: Corpus, split: str) -> Clips:
        """All clips of a split; none where the corpus has none there."""
        manifest = manifest_or_none(corpus, split)
        return cls(corpus, () if manifest is None else manifest.evaluation(), split)

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> Clips: ...
    def __getitem__(self, index: int | slice) -> Clip | Clips:
        if isinstance(index, slice):
            return Clips(self.corpus, self.items[index])
        return self.corpus.load(self.items[index])

    def first(self, count: int) -> Clips:
        """The first clips of it."""
        return self[:count]

    def passages(self) -> Passages:
        """What training crops are cut from: the corpus's own passages for a whole split, else the clips themselves."""
        own = getattr(self.corpus, "passages", None)
        if own is not None and self.split is not None:
            passages: Passages = own(self.split)
            return passages
        return joined([np.round(clip.waveform * 32767).astype(np.int16) for clip in self])
