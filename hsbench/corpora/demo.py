"""The embedded demo corpus: 60 synthetic utterances of 10 voices, 22 050 Hz, shipped as FLAC.

Blocks of 32 768 samples from sample 0, the remainder dropped; a clip is the first `clip_samples` of a block (all of
it), divided by its peak; voices k03, k04 (F), k08 and k09 (M) validate. Training crops come from anywhere in an
utterance. See data/demo/NOTICE.md for how it was made and under which licences.
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
    ),
]

DATA = Path(__file__).parent / "data" / "demo"
SAMPLE_RATE = 22050
BLOCK = 32768
COLUMNS = {
    "file": r"(\w[\w-]*/)*\w[\w-]*\.flac",
    "speaker": r"\w+",
    "sex": "[FM]?",
    "samples": "[0-9]{1,9}",
    "sha256_pcm16": "[0-9a-f]{64}",
}
"""Column of the manifest -> what stands in it; a file is a path inside the corpus."""
VALIDATION_SPEAKERS = frozenset({"k03", "k04", "k08", "k09"})


class DemoCorpus:
    """Reads the packaged files; `data` may point at another folder of the same layout."""

    name = "demo"
    version = 1

    def __init__(self, source: Source | None = None, data: Path = DATA) -> None:
        settings = {} if source is None else dict(source.settings)
        self.data, self.clip_samples = data, settings.get("clip_samples", BLOCK)
        if not isinstance(self.clip_samples, int) or not 1 <= self.clip_samples <= BLOCK:
            raise UsageError(f"demo.clip_samples expects 1 to {BLOCK} samples, got {self.clip_samples!r}.")

    def manifest(self, split: str) -> Manifest:
        """The clips of a split, from manifest.csv alone.

        Raises:
            UnknownNameError: no such split.
            DataError: the manifest is missing or garbled.
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
                    offset=block * BLOCK,
                    samples=self.clip_samples,
                    sha256=row["sha256_pcm16"],
                )
                for block in range(int(row["samples"]) // BLOCK)
            ]
        preparation = (
            ("block_samples", BLOCK),
            ("clip_samples", self.clip_samples),
            ("drop_first_samples", 0),
            ("peak_normalise", True),
        )
        items.sort(key=lambda item: item.id)
        return Manifest(self.name, self.version, split, SAMPLE_RATE, preparation, tuple(items))

    def load(self, item: Item) -> Clip:
        """Cut one block and divide it by its peak.

        Raises:
            DataError: the file is unreadable, has another rate, or is not the one in the manifest.
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
        """Whole utterances of a split: a training crop may begin anywhere in one."""
        from hsbench.audio.io import read_pcm16

        sources = dict.fromkeys(item.source for item in self.manifest(split).items)
        return joined([read_pcm16(self.data / source)[0] for source in sources])

    def completeness(self) -> tuple[str, ...]:
        """The demo corpus is complete as shipped."""
        return ()

    def _rows(self) -> list[dict[str, str]]:
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
            for name, form in COLUMNS.items():
                if not re.fullmatch(form, row[name] or "", re.ASCII):
                    raise DataError(f"{path}, line {number}: {name} is {row[name]!r}; reinstall hsbench.")
        return rows
