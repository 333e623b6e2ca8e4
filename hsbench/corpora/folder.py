"""Any tree of audio files: the first folder below the data root names the speaker.

The last tenth of the string-sorted speakers validates, at least one; with a single speaker, the last 5 % of the
shuffled files.
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
        """Files sorted by path; a stem is the path with "_" for what an id cannot hold."""
        listing = Listing(self.root)
        for path in walk(listing):
            stem = re.sub(r"[^A-Za-z0-9._-]+", "_", path.rpartition(".")[0].replace("/", "_")).lstrip(".-")
            if not stem:
                listing.skip(path, "has no letter or digit in its name")
                continue
            speaker = path.partition("/")[0] if "/" in path else "all"
            listing.take(SourceFile(path, stem, speaker))
        return listing

    def validates(self, files: Sequence[Mapping[str, Any]]) -> set[str]:
        """The last tenth of the speakers."""
        return last_speakers(files, max(1, len({file["speaker"] for file in files}) // 10))

    def release(self) -> tuple[int, int]:
        """There is no public release to compare with."""
        return 0, 0

    def completeness(self) -> tuple[str, ...]:
        """A folder is complete as it is."""
        return ()
