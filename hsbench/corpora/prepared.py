"""What the corpora of audio files share: preparation, split, manifest, loading. Each adds its layout and its split."""

from __future__ import annotations

import contextlib
import functools
import math
import random
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hsbench.audio import kernel
from hsbench.audio.clip import Clip, peak_normalise
from hsbench.audio.passages import Passages
from hsbench.corpora.base import SPLITS, AtRate, Item, Manifest, check_split
from hsbench.errors import DataError, UsageError
from hsbench.files import write_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from hsbench.corpora.base import Source
    from hsbench.corpora.listing import Listing
    from hsbench.corpora.store import PreparedStore, Progress

PREPARATION: dict[str, Any] = {
    "sample_rate": 22050,
    "drop_first_samples": 11025,
    "block_samples": 65536,
    "clip_samples": 32768,
    "peak_normalise": True,
}
"""Default settings of a public corpus, as the HyperSound paper prepares it: sample rate in Hz, lengths in samples."""


class FileCorpus(ABC):
    """A corpus of audio files below a data root.

    Attributes:
        name: as registered.
        version: raised whenever a clip would sound different.
        title: the public name.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    title: ClassVar[str]

    def __init__(self, source: Source) -> None:
        self.settings = dict(source.settings)
        self.data_root = source.data_root
        self._check_settings()

    @abstractmethod
    def listing(self) -> Listing:
        """Every audio file of the corpus below the data root, sorted as its split rule wants, and what was skipped."""

    @abstractmethod
    def validates(self, files: Sequence[Mapping[str, Any]]) -> set[str]:
        """Stems of the files that validate, by the public rule where it can be applied.

        Args:
            files: rows with path, stem and speaker.
        """

    @abstractmethod
    def release(self) -> tuple[int, int]:
        """Files and speakers of the complete public release; (0, 0) where there is none."""

    def prepared(self) -> bool:
        """Whether everything is in the cache, unchanged since."""
        return self._store.complete(self._listing)

    def prepare(self, workers: int, progress: Progress) -> None:
        """Resample and cut what is not yet in the cache.

        Args:
            workers: threads.
            progress: takes (files done, files).

        Raises:
            DataError: no audio file is there, or none gives a block.
        """
        if not self._listing.files:
            raise DataError(
                f"{self.title}: no audio file is below {self._listing.root}; check --data-root and the settings."
            )
        self._store.prepare(self._listing, workers, progress)
        for derived in ("rows", "_numbers", "_blocks"):
            self.__dict__.pop(derived, None)
        for split in SPLITS:
            with contextlib.suppress(DataError):
                write_json(self._store.path / f"manifest-{split}.json", self.manifest(split).document())

    def manifest(self, split: str) -> Manifest:
        """The clips of a split.

        Raises:
            DataError: the corpus is not prepared, or nothing is left in it.
        """
        check_split(split)
        validates, first, length = (
            self._validates(),
            self.settings["drop_first_samples"],
            self.settings["block_samples"],
        )
        items = [
            Item(
                id=f"{row['stem']}-{block}",
                speaker=row["speaker"],
                sex=row["sex"],
                source=row["path"],
                offset=first + block * length,
                samples=self.settings["clip_samples"],
                sha256=digest,
            )
            for row in self.rows
            if (row["stem"] in validates) == (split == "validation")
            for block, digest in enumerate(row["blocks"])
        ]
        if not items:
            raise DataError(
                f"{self.title}: no file of the {split} split is long enough for one block ({first + length} samples at "
                f"{self.settings['sample_rate']} Hz); small corpora take --set {self.name}.block_samples=32768 "
                f"--set {self.name}.drop_first_samples=0"
            )
        items.sort(key=lambda item: item.id)
        preparation = {**self.settings, "resampler": kernel.NAME}
        return Manifest(
            self.name,
            self.version,
            split,
            self.settings["sample_rate"],
            tuple(sorted(preparation.items())),
            tuple(items),
        )

    def _validates(self) -> set[str]:
        """The rule over all files; over those that gave a block, where it would leave one side without any."""
        whole = self.validates(self.rows)
        useful = [row for row in self.rows if row["blocks"]]
        sides = {row["stem"] in whole for row in useful}
        return whole if len(sides) == 2 else self.validates(useful)

    def load(self, item: Item) -> Clip:
        """The beginning of one block, divided by its peak."""
        block: NDArray[np.int16] = self._blocks[self._numbers[item.id]]
        samples = block[: item.samples].astype(np.float32) / np.float32(32768)
        if self.settings["peak_normalise"]:
            samples = peak_normalise(samples)
        return Clip(item.id, samples, self.settings["sample_rate"], item.speaker, item.sex, item.source, item.offset)

    def passages(self, split: str) -> Passages:
        """The whole blocks of a split, in the memory-mapped store."""
        length = self.settings["block_samples"]
        numbers = np.array([self._numbers[item.id] for item in self.manifest(split).items], np.int64)
        return Passages(self._blocks.reshape(-1), numbers * length, np.full(len(numbers), length, np.int64))

    def load_at(self, item: Item, rate: int) -> AtRate | None:
        """A clip from its source at another rate; None where the source itself has a lower one.

        The samples are those of the resampled file, so their grid need not begin with the clip's first sample.
        """
        import soundfile

        source, own = soundfile.read(self._listing.root / item.source, dtype="float32")
        if own < rate:
            return None
        if own != rate:
            from hsbench.audio.resample import resample

            source = resample(source, own, rate)
        begin, last = (item.offset + at for at in (0, item.samples - 1))
        first = math.ceil(begin * rate / self.settings["sample_rate"])
        stop = min(source.size, math.floor(last * rate / self.settings["sample_rate"]) + 1)
        block = self._blocks[self._numbers[item.id]][: item.samples]
        peak = float(np.abs(block.astype(np.float64)).max()) / 32768 if self.settings["peak_normalise"] else 1.0
        seconds = np.arange(first, stop) / rate - begin / self.settings["sample_rate"]
        return AtRate(source[first:stop].astype(np.float64) / (peak or 1.0), seconds)

    def completeness(self) -> tuple[str, ...]:
        """Why this is not the complete public release."""
        files, speakers = self.release()
        here = len(self._listing.files), len({file.speaker for file in self._listing.files})
        if here == (files, speakers):
            return ()
        return (f"partial corpus: {here[0]} of {files} files and {here[1]} of {speakers} speakers of {self.title}",)

    def skipped(self) -> list[tuple[str, str]]:
        """(path, reason) of every file that is not in."""
        return [*self._listing.skipped, *((row["path"], row["skipped"]) for row in self.rows if row["skipped"])]

    @functools.cached_property
    def rows(self) -> list[dict[str, Any]]:
        """One row per prepared source file.

        Raises:
            DataError: the corpus is not prepared.
        """
        if not self.prepared():
            raise DataError(
                f"{self.title} is not prepared, or its files have changed since; "
                f"run does it, or: hsbench corpus prepare {self.name} --data-root {self.root}"
            )
        return self._store.rows()

    @property
    def place(self) -> Path:
        """Where the prepared blocks and manifests are."""
        return self._store.path

    @property
    def root(self) -> Path:
        """The data root.

        Raises:
            UsageError: none was given.
        """
        if self.data_root is None:
            raise UsageError(
                f"{self.name} needs the folder that holds {self.title}; give it with --data-root, "
                f"or get the corpus with: hsbench corpus download {self.name} --data-root DIR"
            )
        if not self.data_root.is_dir():
            raise UsageError(f"--data-root expects a folder, and {self.data_root} is none; check the path.")
        return self.data_root

    @functools.cached_property
    def _listing(self) -> Listing:
        return self.listing()

    @functools.cached_property
    def _store(self) -> PreparedStore:
        from hsbench.corpora.store import PreparedStore

        return PreparedStore(self.name, self.version, self.settings, self._listing.root)

    @functools.cached_property
    def _numbers(self) -> dict[str, int]:
        """Clip id -> number of its block in the store."""
        ids = (f"{row['stem']}-{block}" for row in self.rows for block in range(len(row["blocks"])))
        return {clip_id: number for number, clip_id in enumerate(ids)}

    @functools.cached_property
    def _blocks(self) -> NDArray[np.int16]:
        return self._store.blocks()

    def _check_settings(self) -> None:
        for key in ("sample_rate", "block_samples", "clip_samples"):
            if not isinstance(self.settings[key], int) or self.settings[key] < 1:
                raise UsageError(f"{self.name}.{key} expects a whole number from 1, got {self.settings[key]!r}.")
        if self.settings["drop_first_samples"] < 0 or self.settings["clip_samples"] > self.settings["block_samples"]:
            raise UsageError(
                f"{self.name}: drop_first_samples must not be negative and clip_samples not above block_samples, "
                f"got {self.settings}."
            )


def last_speakers(files: Sequence[Mapping[str, Any]], count: int) -> set[str]:
    """Stems of the last `count` speakers in string order; at least one speaker validates and one is left to train on.

    With a single speaker, the last 5 % of the shuffled files, as for LJ Speech.
    """
    speakers = sorted({file["speaker"] for file in files})
    if len(speakers) < 2:
        return last_share(files)
    chosen = set(speakers[-min(count, len(speakers) - 1) :])
    return {file["stem"] for file in files if file["speaker"] in chosen}


def last_share(files: Sequence[Mapping[str, Any]], share: float = 0.05) -> set[str]:
    """Stems of the last 5 % after random.Random(1).shuffle; at least one validates and, of two or more, one trains."""
    stems = [file["stem"] for file in sorted(files, key=lambda file: str(file["path"]))]
    random.Random(1).shuffle(stems)
    count = max(1, int(share * len(stems)))
    return set(stems[-count:]) if len(stems) > 1 else set(stems)
