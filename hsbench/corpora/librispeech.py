"""LibriSpeech: LibriSpeech/<subset>/<speaker>/<chapter>/<speaker>-<chapter>-<number>.flac and SPEAKERS.TXT.

The validation set is the last ten speakers in string order. The recordings have a sample rate of 16 kHz, so resampled
clips contain nothing above 8 kHz. The paper uses the subset train-clean-360.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hsbench.corpora.listing import Listing, SourceFile, find_folder, walk
from hsbench.corpora.prepared import PREPARATION, FileCorpus, last_speakers
from hsbench.descriptors import CorpusDescriptor
from hsbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DESCRIPTORS = [
    CorpusDescriptor(
        name="librispeech",
        version=2,
        target="hsbench.corpora.librispeech:LibriSpeech",
        summary="LibriSpeech, train-clean-360 or other subsets: 921 speakers of English, 360 hours, 16 kHz",
        needs=("soundfile", "torchaudio"),
        defaults={**PREPARATION, "subset": "train-clean-360"},
        description="read English speech from audio books, 16 kHz",
        licence="CC BY 4.0",
        citation="Panayotov et al.: Librispeech, an ASR corpus based on public domain audio books, ICASSP 2015",
        download="LIBRISPEECH",
        size="23 GB for train-clean-360",
    ),
]

RELEASES = {  # subset -> (files, speakers)
    "train-clean-100": (28539, 251),
    "train-clean-360": (104014, 921),
    "train-other-500": (148688, 1166),
    "dev-clean": (2703, 40),
    "dev-other": (2864, 33),
    "test-clean": (2620, 40),
    "test-other": (2939, 33),
}


class LibriSpeech(FileCorpus):
    """Reads one subset, or several joined by "+" (`subset`: "train-clean-100+train-clean-360")."""

    name, title = "librispeech", "LibriSpeech"

    def listing(self) -> Listing:
        """Return the files of the chosen subsets, in string order of speaker folder, chapter and name."""
        listing = Listing(find_folder(self.root, "LibriSpeech", self.title))
        sexes = speaker_table(listing.root / "SPEAKERS.TXT")
        for subset in self._subsets():
            if not (listing.root / subset).is_dir():
                present = sorted(path.name for path in listing.root.iterdir() if path.is_dir())
                raise UsageError(
                    f"LibriSpeech here has no subset {subset!r}; it has {', '.join(present) or 'none'}. "
                    "Choose with --set librispeech.subset=NAME"
                )
            for path in walk(listing, subset):
                folder, _, file = path.removeprefix(f"{subset}/").rpartition("/")
                stem = file.rpartition(".")[0]
                parts = re.fullmatch(r"(\d+)-(\d+)-\d+", stem)
                if parts is None or folder != f"{parts[1]}/{parts[2]}":
                    listing.skip(path, "is not named <speaker>/<chapter>/<speaker>-<chapter>-<number>.flac")
                else:
                    listing.take(SourceFile(path, stem, parts[1], sexes.get(parts[1], "")))
        return listing

    def validation_stems(self, files: Sequence[Mapping[str, Any]]) -> set[str]:
        """Return the stems of the last ten speakers in string order."""
        return last_speakers(files, 10)

    def release(self) -> tuple[int, int]:
        """Return the numbers of files and speakers of the chosen subsets."""
        counts = [RELEASES[subset] for subset in self._subsets()]
        return sum(files for files, _ in counts), sum(speakers for _, speakers in counts)

    def _subsets(self) -> list[str]:
        subsets = str(self.settings["subset"]).split("+")
        for subset in subsets:
            if subset not in RELEASES:
                raise UsageError(f"LibriSpeech has no subset {subset!r}; it has {', '.join(RELEASES)}.")
        return subsets


def speaker_table(path: Path) -> dict[str, str]:
    """Return speaker -> sex from SPEAKERS.TXT, without speakers of unknown sex; an empty dict if it is missing."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    sexes = {}
    for line in lines:
        fields = [field.strip() for field in line.split("|")]
        if not line.startswith(";") and len(fields) > 1 and fields[1] in ("F", "M"):
            sexes[fields[0]] = fields[1]
    return sexes
