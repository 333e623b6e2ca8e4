"""Base class of the corpora that consist of audio files: preparation, split, manifest and loading.

Each corpus adds the layout of its files and the rule of its split.
"""

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
"""Default settings of a public corpus, which are those of the HyperSound paper; rates in Hz, lengths in samples."""


class FileCorpus(ABC):
    """A corpus of audio files below a data root.

    Attributes:
        name: registered name.
        version: whole number that is raised whenever the waveform of a clip would change.
        title: public name of the corpus, for messages.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 2
    title: ClassVar[str]

    def __init__(self, source: Source) -> None:
        self.settings = dict(source.settings)
        self.data_root = source.data_root
        self._check_settings()

    @abstractmethod
    def listing(self) -> Listing:
        """Return the audio files of the corpus below the data root, and those that are skipped."""

    @abstractmethod
    def validation_stems(self, files: Sequence[Mapping[str, Any]]) -> set[str]:
        """Return the stems of the files in the validation set, by the public rule where it can be applied.

        Args:
            files: rows of the prepared files, with path, stem and speaker.
        """

    @abstractmethod
    def release(self) -> tuple[int, int]:
        """Return the numbers of files and speakers of the complete public release; (0, 0) if there is no release."""

    def prepared(self) -> bool:
        """Return whether all files are in the cache and have not changed since they were prepared."""
        return self._store.complete(self._listing)

    def prepare(self, workers: int, progress: Progress) -> None:
        """Resample and cut the files that are not yet in the cache.

        Args:
            workers: number of threads.
            progress: is called with (number of prepared files, number of all files).

        Raises:
            DataError: there is no audio file below the data root.
            LockedError: another process is preparing the corpus.
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
        """Return the clips of a split.

        Raises:
            UnknownNameError: no split has the name.
            DataError: the corpus is not prepared, or the split has no clips.
        """
        check_split(split)
        validation = self._validation_stems()
        first, length = self.settings["drop_first_samples"], self.settings["block_samples"]
        items = [
            Item(
                id=block_id(row["stem"], block),
                speaker=row["speaker"],
                sex=row["sex"],
                source=row["path"],
                offset=first + block * length,
                samples=self.settings["clip_samples"],
                sha256=digest,
            )
            for row in self.rows
            if (row["stem"] in validation) == (split == "validation")
            for block, digest in enumerate(row["blocks"])
        ]
        if not items:
            raise DataError(
                f"{self.title}: no file of the {split} split is long enough for one block ({first + length} samples at "
                f"{self.settings['sample_rate']} Hz); for a small corpus, try "
                f"--set {self.name}.block_samples=32768 --set {self.name}.drop_first_samples=0"
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

    def _validation_stems(self) -> set[str]:
        """Return the stems of the files in the validation set, so that both splits have clips where possible.

        The rule of the corpus is applied to all files. If one split then had no file that is long enough for a block,
        the rule is applied to the files with blocks alone.
        """
        stems = self.validation_stems(self.rows)
        with_blocks = [row for row in self.rows if row["blocks"]]
        both = {row["stem"] in stems for row in with_blocks} == {True, False}
        return stems if both else self.validation_stems(with_blocks)

    def load(self, item: Item) -> Clip:
        """Return the clip of an item: the beginning of one block, divided by its largest absolute sample."""
        block: NDArray[np.int16] = self._blocks[self._numbers[item.id]]
        samples = block[: item.samples].astype(np.float32) / np.float32(32768)
        if self.settings["peak_normalise"]:
            samples = peak_normalise(samples)
        return Clip(item.id, samples, self.settings["sample_rate"], item.speaker, item.sex, item.source, item.offset)

    def passages(self, split: str) -> Passages:
        """Return the whole blocks of a split, which are read from the memory-mapped store."""
        length = self.settings["block_samples"]
        numbers = np.array([self._numbers[item.id] for item in self.manifest(split).items], np.int64)
        return Passages(self._blocks.reshape(-1), numbers * length, np.full(len(numbers), length, np.int64))

    def load_at(self, item: Item, rate: int) -> AtRate | None:
        """Return a clip at a higher sample rate, read from its source file; None if the source has a lower rate.

        The samples are those of the whole file resampled, whose time grid need not contain the first sample of the
        clip; `seconds` of the result gives their times.

        Args:
            item: the clip.
            rate: sample rate in Hz.
        """
        import soundfile

        source, source_rate = soundfile.read(self._listing.root / item.source, dtype="float32")
        if source_rate < rate:
            return None
        if source_rate != rate:
            from hsbench.audio.resample import resample

            source = resample(source, source_rate, rate)
        # Let r be the rate of the corpus and R the new one. The clip consists of the samples `begin` to `last` at rate
        # r, so it lasts from begin / r to last / r. Sample k at rate R lies at k / R: the samples within the clip are
        # those with begin R / r <= k <= last R / r.
        begin, last = (item.offset + at for at in (0, item.samples - 1))
        first = math.ceil(begin * rate / self.settings["sample_rate"])
        stop = min(source.size, math.floor(last * rate / self.settings["sample_rate"]) + 1)
        block = self._blocks[self._numbers[item.id]][: item.samples]
        peak = float(np.abs(block.astype(np.float64)).max()) / 32768 if self.settings["peak_normalise"] else 1.0
        seconds = np.arange(first, stop) / rate - begin / self.settings["sample_rate"]
        return AtRate(source[first:stop].astype(np.float64) / (peak or 1.0), seconds)

    def completeness(self) -> tuple[str, ...]:
        """Return the reason why this is not the complete public release; an empty tuple if it is."""
        release = self.release()
        present = len(self._listing.files), len({file.speaker for file in self._listing.files})
        if present == release:
            return ()
        files, speakers = (
            f"{count} of {total} {noun if total == 1 else f'{noun}s'}"
            for count, total, noun in zip(present, release, ("file", "speaker"), strict=True)
        )
        return (f"partial corpus: {files} and {speakers} of {self.title}",)

    def skipped(self) -> list[tuple[str, str]]:
        """Return (path, reason) of every file that gave no clip."""
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
                f"prepare it with: hsbench corpus prepare {self.name} --data-root {self.root}"
            )
        return self._store.rows()

    @property
    def place(self) -> Path:
        """Folder of the prepared blocks and manifests."""
        return self._store.path

    @property
    def root(self) -> Path:
        """The data root.

        Raises:
            UsageError: no data root was given, or it is not a folder.
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
        ids = (block_id(row["stem"], block) for row in self.rows for block in range(len(row["blocks"])))
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


def block_id(stem: str, block: int) -> str:
    """Return the id of a block's clip; the blocks of a file are counted from 1 as in the reference code.

    Clips are sorted by id as text, where "-10" comes before "-2". Counting from 0 would give another order for a file
    of ten blocks or more, and so another evaluation permutation.

    Args:
        stem: name of the source file without its ending.
        block: number of the block in its file, from 0.
    """
    return f"{stem}-{block + 1}"


def last_speakers(files: Sequence[Mapping[str, Any]], count: int) -> set[str]:
    """Return the stems of the last speakers in string order; both splits have at least one speaker.

    With a single speaker, these are the last 5 % of the shuffled files, as for LJ Speech.

    Args:
        files: rows with path, stem and speaker.
        count: number of validation speakers.
    """
    speakers = sorted({file["speaker"] for file in files})
    if len(speakers) < 2:
        return last_share(files)
    chosen = set(speakers[-min(count, len(speakers) - 1) :])
    return {file["stem"] for file in files if file["speaker"] in chosen}


def last_share(files: Sequence[Mapping[str, Any]], share: float = 0.05) -> set[str]:
    """Return the stems of the last files after random.Random(1).shuffle; both splits have a file if there are two.

    Args:
        files: rows with path and stem.
        share: share of the files in the validation set.
    """
    stems = [file["stem"] for file in sorted(files, key=lambda file: str(file["path"]))]
    random.Random(1).shuffle(stems)
    count = max(1, int(share * len(stems)))
    return set(stems[-count:]) if len(stems) > 1 else set(stems)
