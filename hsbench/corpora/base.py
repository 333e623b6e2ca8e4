"""The interface of a corpus: a manifest, which is read without audio, and clips, which are loaded one at a time.

Conventions: offsets and lengths are in samples at the sample rate of the corpus; a manifest lists its items sorted by
id; waveforms are [samples] float32, full scale +-1.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, overload

import numpy as np

from hsbench.audio.clip import peak_normalise
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
    """The location and the settings of a corpus; every registered corpus is constructed from a Source.

    Attributes:
        data_root: folder that contains the corpus in its public layout, or None for a corpus that ships with hsbench.
        settings: (name, value) pairs: the defaults of the descriptor with the user's changes.
    """

    data_root: Path | None = None
    settings: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Item:
    """Entry of a manifest: where a clip is found and what is known of it before it is loaded.

    Attributes:
        id: identifier of the clip, unique within the corpus.
        speaker: name of the speaker, as the corpus gives it.
        sex: sex of the speaker, "F" or "M", or "" where the corpus does not say.
        source: path of the audio file, relative to the folder of the corpus.
        offset: position of the clip's first sample in the audio file.
        samples: length of the clip.
        sha256: SHA-256 of the 16-bit samples of the source or of the block that contains the clip, hexadecimal.
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
        corpus: registered name of the corpus.
        version: version of the code that reads the corpus.
        split: "train" or "validation".
        sample_rate: sample rate of the clips in Hz.
        preparation: (name, value) pairs of JSON scalars: how blocks are cut, normalised and resampled.
        items: the clips, sorted by id.
    """

    corpus: str
    version: int
    split: str
    sample_rate: int
    preparation: tuple[tuple[str, Any], ...]
    items: tuple[Item, ...]

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 over split, sample rate, preparation and all items; it changes whenever a waveform would change."""
        return sha256_json(self._content())

    def document(self) -> dict[str, Any]:
        """Return the manifest as a JSON value, with its fingerprint."""
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
        """Samples per clip; all clips of a corpus have the same length."""
        return int(dict(self.preparation)["clip_samples"])

    def evaluation(self) -> tuple[Item, ...]:
        """Return the items in the order in which they are scored: torch.randperm(count, seed 0) of the sorted ids."""
        return tuple(self.items[index] for index in permutation(len(self.items)))


@dataclass(frozen=True, eq=False)
class AtRate:
    """A clip at a sample rate above that of the corpus, read from its source file.

    Attributes:
        waveform: [samples] float64, divided by the same number as the clip itself.
        seconds: [samples] float64, time of each sample after the first sample of the clip itself, in seconds.
    """

    waveform: NDArray[np.float64]
    seconds: NDArray[np.float64]


class Corpus(Protocol):
    """Attributes and methods that a registered corpus must have. Its constructor takes a Source.

    Three more methods are optional. A corpus that must be prepared has `prepared() -> bool` and
    `prepare(workers, progress)`. A corpus whose training crops come from longer recordings than its clips has
    `passages(split) -> Passages`. A corpus whose source files have a higher sample rate has
    `load_at(item, rate) -> AtRate | None`.
    """

    name: str
    version: int

    def manifest(self, split: str) -> Manifest:
        """Return the clips of a split, without reading audio."""
        ...

    def load(self, item: Item) -> Clip:
        """Return the clip of an item, prepared as the manifest says."""
        ...

    def completeness(self) -> tuple[str, ...]:
        """Return the reasons why this is not the complete public release; an empty tuple if it is."""
        ...


def check_split(split: str) -> str:
    """Return the name of a split if it exists.

    Raises:
        UnknownNameError: no split has the name.
    """
    if split not in SPLITS:
        raise UnknownNameError("split", split, SPLITS)
    return split


def fingerprint(corpus: Corpus) -> str:
    """Return the SHA-256 over the manifests of all splits, by which the corpus enters the key of a cell."""
    manifests = (manifest_or_none(corpus, split) for split in SPLITS)
    return sha256_json([None if manifest is None else manifest.fingerprint for manifest in manifests])


def manifest_or_none(corpus: Corpus, split: str) -> Manifest | None:
    """Return the manifest of a split, or None if the corpus is so small that the split is empty."""
    try:
        return corpus.manifest(split)
    except DataError:
        return None


def items(corpus: Corpus) -> dict[str, Item]:
    """Return clip id -> manifest entry, for the clips of all splits of a corpus."""
    manifests = (manifest_or_none(corpus, split) for split in SPLITS)
    return {item.id: item for manifest in manifests if manifest is not None for item in manifest.items}


# The published evaluation scores the first 512 clips of torch.randperm(count) with seed 0. Planning needs this order,
# but must not import torch, which takes seconds; so `permutation` computes it with NumPy. Both give the same numbers:
#
# 1. Generator. torch's CPU generator is the 32-bit Mersenne Twister MT19937. manual_seed(s) fills its state with
#    x_0 = s, x_j = 1812433253 (x_(j-1) xor (x_(j-1) >> 30)) + j  (mod 2^32), the routine init_genrand of the authors of
#    MT19937. NumPy's `_legacy_seeding(s)` of an integer runs the same routine (its public seeding does not), and
#    `random_raw` returns the same tempered 32-bit outputs r_0, r_1, ...
# 2. Shuffle. For fewer than 2^32 / 20 elements, torch.randperm starts from 0, 1, ..., n - 1 and, for i = 0 to n - 2,
#    exchanges the elements i and i + (r_i mod (n - i)). That is the Fisher-Yates shuffle: step i fixes element i by a
#    choice among the n - i elements that are left, so every permutation is reached by exactly one sequence of choices.
#    (r_i mod (n - i) is uniform only up to 2^-32 (n - i), but it is what torch computes.)
#
# The last element has no choice, hence n - 1 outputs. tests/corpora/test_demo.py compares with torch.


def permutation(count: int, seed: int = 0) -> list[int]:
    """Return torch.randperm(count, generator=torch.Generator().manual_seed(seed)) of a CPU, computed without torch.

    Args:
        count: number of elements, below 2^32 / 20.
        seed: seed of the generator, from 0 to 2^32 - 1.
    """
    twister = np.random.MT19937()
    twister._legacy_seeding(seed)
    order = list(range(count))
    for index, raw in enumerate(twister.random_raw(max(0, count - 1))):
        other = index + int(raw) % (count - index)
        order[index], order[other] = order[other], order[index]
    return order


@dataclass(frozen=True)
class Cut:
    """Shortens clips to their beginnings, which are then the clips of the same corpus with shorter clips.

    A corpus with `peak_normalise` divides each clip by its peak. The beginning of such a clip is x / max |clip|, and
    divided by its own peak it is x / max |x|, which does not depend on the length of the clip that it was cut from.

    Attributes:
        samples: length of the result.
        peak_normalise: whether the corpus divides each clip by its peak.
    """

    samples: int
    peak_normalise: bool

    def __call__(self, clip: Clip) -> Clip:
        """Return the beginning of a clip."""
        beginning = clip.waveform[: self.samples]
        return dataclasses.replace(clip, waveform=peak_normalise(beginning) if self.peak_normalise else beginning)


class Clips(Sequence["Clip"]):
    """A sequence of clips in the order in which they are scored; each clip is loaded when it is accessed.

    Args:
        corpus: the opened corpus.
        items: manifest entries of the clips.
        split: name of the split that the items are, all of them; None for other items.
        cut: shortens a clip to the length that is wanted; None for the clips of the corpus as they are.
    """

    def __init__(self, corpus: Corpus, items: Sequence[Item], split: str | None = None, cut: Cut | None = None) -> None:
        self.corpus, self.items, self.split, self.cut = corpus, items, split, cut

    @classmethod
    def of(cls, corpus: Corpus, split: str, samples: int | None = None) -> Clips:
        """Return all clips of a split, an empty sequence if the corpus has none there.

        Args:
            corpus: the opened corpus.
            split: "train" or "validation".
            samples: length to which longer clips are cut; None for the length of the corpus.
        """
        if (manifest := manifest_or_none(corpus, split)) is None:
            return cls(corpus, (), split)
        normalised = dict(manifest.preparation).get("peak_normalise", False)
        cut = None if samples is None or samples >= manifest.samples else Cut(samples, bool(normalised))
        return cls(corpus, manifest.evaluation(), split, cut)

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> Clips: ...
    def __getitem__(self, index: int | slice) -> Clip | Clips:
        if isinstance(index, slice):
            return Clips(self.corpus, self.items[index], cut=self.cut)
        clip = self.corpus.load(self.items[index])
        return clip if self.cut is None else self.cut(clip)

    def first(self, count: int) -> Clips:
        """Return the first clips of the sequence."""
        return self[:count]

    def passages(self) -> Passages:
        """Return the recordings that training crops are cut from.

        These are the passages of the corpus if the sequence is a whole split and the corpus has passages, else the
        clips themselves.
        """
        of_corpus = getattr(self.corpus, "passages", None)
        if of_corpus is not None and self.split is not None:
            passages: Passages = of_corpus(self.split)
            return passages
        return joined([np.round(clip.waveform * 32767).astype(np.int16) for clip in self])
