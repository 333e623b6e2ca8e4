"""LJ Speech 1.1: LJSpeech-1.1/wavs/LJ<book>-<number>.wav, one speaker.

The files are sorted and shuffled with random.Random(1); the last 5 % are the validation set.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hsbench.corpora.listing import Listing, SourceFile, find_folder, walk
from hsbench.corpora.prepared import PREPARATION, FileCorpus, last_share
from hsbench.descriptors import CorpusDescriptor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DESCRIPTORS = [
    CorpusDescriptor(
        name="ljspeech",
        version=2,
        target="hsbench.corpora.ljspeech:LJSpeech",
        summary="LJ Speech 1.1, one speaker of English, 24 hours",
        needs=("soundfile", "torchaudio"),
        defaults=PREPARATION,
        description="read English speech, one speaker",
        licence="public domain",
        citation="Ito, Johnson: The LJ Speech Dataset, version 1.1, 2017",
        download="LJSPEECH",
        size="2.6 GB",
    ),
]


class LJSpeech(FileCorpus):
    """Reads the WAV files; the name of the speaker is LJ."""

    name, title = "ljspeech", "LJ Speech 1.1"

    def listing(self) -> Listing:
        """Return the files, sorted by name."""
        listing = Listing(find_folder(self.root, "LJSpeech-1.1", self.title))
        for path in walk(listing, "wavs"):
            stem = path.rpartition("/")[2].rpartition(".")[0]
            if re.fullmatch(r"LJ\d{3}-\d{4}", stem):
                listing.take(SourceFile(path, stem, "LJ", "F"))
            else:
                listing.skip(path, "is not named LJ<three digits>-<four digits>.wav")
        return listing

    def validation_stems(self, files: Sequence[Mapping[str, Any]]) -> set[str]:
        """Return the stems of the last 5 % of the sorted and shuffled files: 655 files of the complete corpus."""
        return last_share(files)

    def release(self) -> tuple[int, int]:
        """Return the numbers of files and speakers: 13 100 files of one speaker."""
        return 13100, 1
