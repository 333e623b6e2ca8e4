"""The demo corpus: 60 synthetic utterances of 10 voices at 22 050 Hz, shipped with hsbench as FLAC files.

Every utterance is cut into blocks of 32 768 samples from its first sample, or of `clip_samples` where these are more;
the remainder is dropped. A clip is the first `clip_samples` of a block (by default the whole block), divided by its
largest absolute sample. The voices k03, k04 (female), k08 and k09 (male) are the validation set. Training crops come
from anywhere in an utterance.
data/demo/NOTICE.md describes how the corpus was rendered, and its licences.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hsbench.audio.clip import Clip, peak_normalise
from hsbench.audio.passages import Passages, joined
from hsbench.corpora.base import Item, Manifest, check_split
from hsbench.descriptors import CorpusDescriptor
from hsbench.errors import DataError, UsageError
from hsbench.files import sha256_bytes

if TYPE_CHECKING:
    from hsbench.corpora.base import Source

DESCRIPTORS = [
    CorpusDescriptor(
        name="demo",
        target="hsbench.corpora.demo:DemoCorpus",
        summary="synthetic speech, 10 voices, 60 utterances, 3.6 minutes; embedded",
        needs=("soundfile",),
        defaults={"clip_samples": 32768},
        description="synthetic speech",
        licence="rendered with Apache-2.0 and MIT licensed parts; see NOTICE.md beside the files",
        redistributable=True,
    ),
]

DATA = Path(__file__).parent / "data" / "demo"
SAMPLE_RATE = 22050
BLOCK = 32768
"""Samples of a block, unless a clip is longer."""
LONGEST = 1 << 17
"""Samples of the longest clip; few utterances are longer."""
COLUMNS = {
    "file": r"(\w[\w-]*/)*\w[\w-]*\.flac",
    "speaker": r"\w+",
    "sex": "[FM]?",
    "samples": "[0-9]{1,9}",
    "sha256_pcm16": "[0-9a-f]{64}",
}
"""Column of the manifest -> pattern of its values; a file is a path below the folder of the corpus."""
VALIDATION_SPEAKERS = frozenset({"k03", "k04", "k08", "k09"})


class DemoCorpus:
    """Reads the files that ship with hsbench.

    Args:
        source: settings of the corpus; its data root is not used.
        data: folder of the files; another folder needs the same layout.
    """

    name = "demo"
    version = 1

    def __init__(self, source: Source | None = None, data: Path = DATA) -> None:
        settings = {} if source is None else dict(source.settings)
        self.data, self.clip_samples = data, settings.get("clip_samples", BLOCK)
        if not isinstance(self.clip_samples, int) or not 1 <= self.clip_samples <= LONGEST:
            raise UsageError(f"demo.clip_samples expects 1 to {LONGEST} samples, got {self.clip_samples!r}.")
        self.block = max(BLOCK, self.clip_samples)

    def manifest(self, split: str) -> Manifest:
        """Return the clips of a split; only manifest.csv is read.

        Raises:
            UnknownNameError: no split has the name.
            DataError: manifest.csv is missing or malformed.
        """
        check_split(split)
        items = []
        for row in self._rows():
            if (row["speaker"] in VALIDATION_SPEAKERS) != (split == "validation"):
                continue
            stem = Path(row["file"]).stem
            items += [
                Item(
                    id=f"{stem}-{block}",
                    speaker=row["speaker"],
                    sex=row["sex"],
                    source=row["file"],
                    offset=block * self.block,
                    samples=self.clip_samples,
                    sha256=row["sha256_pcm16"],
                )
                for block in range(int(row["samples"]) // self.block)
            ]
        preparation = (
            ("block_samples", self.block),
            ("clip_samples", self.clip_samples),
            ("drop_first_samples", 0),
            ("peak_normalise", True),
        )
        items.sort(key=lambda item: item.id)
        return Manifest(self.name, self.version, split, SAMPLE_RATE, preparation, tuple(items))

    def load(self, item: Item) -> Clip:
        """Return the clip of an item: the beginning of one block, divided by its largest absolute sample.

        Raises:
            DataError: the file is unreadable, has another sample rate, or differs from the one in the manifest.
        """
        from hsbench.audio.io import read_pcm16

        samples, rate = read_pcm16(self.data / item.source)
        if rate != SAMPLE_RATE:
            raise DataError(f"{item.source}: expected {SAMPLE_RATE} Hz, got {rate} Hz; reinstall hsbench.")
        if sha256_bytes(samples.astype("<i2").tobytes()) != item.sha256:
            raise DataError(
                f"{item.source} is not the file that the manifest describes (SHA-256 differs); reinstall hsbench."
            )
        block = samples[item.offset : item.offset + item.samples].astype(np.float32) / np.float32(32768)
        return Clip(item.id, peak_normalise(block), rate, item.speaker, item.sex, item.source, item.offset)

    def passages(self, split: str) -> Passages:
        """Return the whole utterances of a split; a training crop may start anywhere in an utterance."""
        from hsbench.audio.io import read_pcm16

        sources = dict.fromkeys(item.source for item in self.manifest(split).items)
        return joined([read_pcm16(self.data / source)[0] for source in sources])

    def completeness(self) -> tuple[str, ...]:
        """Return an empty tuple: the demo corpus is complete as shipped."""
        return ()

    def _rows(self) -> list[dict[str, str]]:
        """Return the rows of manifest.csv, checked against COLUMNS."""
        path = self.data / "manifest.csv"
        try:
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
        except OSError as error:
            raise DataError(
                f"the demo corpus lacks its manifest {path} ({error.strerror}); reinstall hsbench."
            ) from error
        except (csv.Error, ValueError) as error:
            raise DataError(f"{path} should be a table in UTF-8 and is not ({error}); reinstall hsbench.") from error
        if not rows or not COLUMNS.keys() <= set(rows[0]):
            raise DataError(f"{path} should have the columns {', '.join(sorted(COLUMNS))}; reinstall hsbench.")
        for number, row in enumerate(rows, start=2):
            for name, pattern in COLUMNS.items():
                if not re.fullmatch(pattern, row[name] or "", re.ASCII):
                    raise DataError(f"{path}, line {number}: {name} is {row[name]!r}; reinstall hsbench.")
        return rows
