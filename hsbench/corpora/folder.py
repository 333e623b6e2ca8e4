"""A corpus of the user's own: any tree of audio files, where the first folder below the data root names the speaker.

The validation set is the last tenth of the speakers in string order, but at least one speaker; if there is only one
speaker, it is the last 5 % of the shuffled files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hsbench.corpora.listing import Listing, SourceFile, walk
from hsbench.corpora.prepared import PREPARATION, FileCorpus, last_speakers
from hsbench.descriptors import CorpusDescriptor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DESCRIPTORS = [
    CorpusDescriptor(
        name="folder",
        version=2,
        target="hsbench.corpora.folder:Folder",
        summary="any tree of audio files, speakers by folder (--data-root)",
        needs=("soundfile", "torchaudio"),
        defaults={**PREPARATION, "drop_first_samples": 0, "block_samples": 32768},
        description="a folder of the user's",
        licence="the user's to know",
    ),
]


class Folder(FileCorpus):
    """Reads every audio file below the data root."""

    name, title = "folder", "the folder"

    def listing(self) -> Listing:
        """Return all audio files; a stem is the path with "_" for characters that an id cannot have."""
        listing = Listing(self.root)
        for path in walk(listing):
            stem = re.sub(r"[^A-Za-z0-9._-]+", "_", path.rpartition(".")[0].replace("/", "_")).lstrip(".-")
            if not stem:
                listing.skip(path, "has no letter or digit in its name")
                continue
            speaker = path.partition("/")[0] if "/" in path else "all"
            listing.take(SourceFile(path, stem, speaker))
        return listing

    def validation_stems(self, files: Sequence[Mapping[str, Any]]) -> set[str]:
        """Return the stems of the last tenth of the speakers."""
        return last_speakers(files, max(1, len({file["speaker"] for file in files}) // 10))

    def release(self) -> tuple[int, int]:
        """Return (0, 0): there is no public release to compare with."""
        return 0, 0

    def completeness(self) -> tuple[str, ...]:
        """Return an empty tuple: a folder has no public release that it could be a part of."""
        return ()
