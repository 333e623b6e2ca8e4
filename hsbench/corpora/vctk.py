"""VCTK 0.92: VCTK-Corpus-0.92/wav48_silence_trimmed/<speaker>/<speaker>_<number>_mic<1|2>.flac and speaker-info.txt.

The validation speakers are the last ten folders of the complete corpus in string order. They are given by name, so a
part of the corpus has the same validation speakers, as far as they are present.
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
        name="vctk",
        version=2,
        target="hsbench.corpora.vctk:VCTK",
        summary="VCTK 0.92, 110 speakers of English, 44 hours, two microphones",
        needs=("soundfile", "torchaudio"),
        defaults={**PREPARATION, "mics": "both"},
        description="read English speech",
        licence="CC BY 4.0",
        citation="Yamagishi, Veaux, MacDonald: CSTR VCTK Corpus, version 0.92, University of Edinburgh, 2019",
        download="VCTK_092",
        size="11 GB",
    ),
]

VALIDATION = frozenset({"p347", "p351", "p360", "p361", "p362", "p363", "p364", "p374", "p376", "s5"})
_NAME = re.compile(r"(?P<speaker>[ps]\d+)_\d+_mic(?P<mic>[12])")


class VCTK(FileCorpus):
    """Reads the recordings of both microphones, or of one (setting `mics`: "both", "1" or "2")."""

    name, title = "vctk", "VCTK 0.92"

    def listing(self) -> Listing:
        """Return the files of the chosen microphones, in string order of speaker folder and name."""
        mics = {"both": "12", "1": "1", "2": "2"}.get(str(self.settings["mics"]))
        if mics is None:
            raise UsageError(f"vctk.mics expects both, 1 or 2, got {self.settings['mics']!r}.")
        listing = Listing(find_folder(self.root, "VCTK-Corpus-0.92", self.title))
        sexes = speaker_table(listing.root / "speaker-info.txt")
        for path in walk(listing, "wav48_silence_trimmed"):
            _, _, rest = path.partition("/")
            folder, _, file = rest.rpartition("/")
            stem = file.rpartition(".")[0]
            parts = _NAME.fullmatch(stem)
            if parts is None or parts["speaker"] != folder:
                listing.skip(path, "is not named <speaker>/<speaker>_<number>_mic<1 or 2>.flac")
            elif parts["mic"] in mics:
                listing.take(SourceFile(path, stem, folder, sexes.get(folder, "")))
        return listing

    def validation_stems(self, files: Sequence[Mapping[str, Any]]) -> set[str]:
        """Return the stems of the ten named speakers, or of the last speakers if the files have none or only these."""
        chosen = {file["stem"] for file in files if file["speaker"] in VALIDATION}
        return chosen if 0 < len(chosen) < len(files) else last_speakers(files, 10)

    def release(self) -> tuple[int, int]:
        """Return the numbers of files and speakers; two of the 110 speakers have no recording of microphone 2."""
        return {"both": (88328, 110), "1": (44455, 110), "2": (43873, 108)}[str(self.settings["mics"])]


def speaker_table(path: Path) -> dict[str, str]:
    """Return speaker -> sex from speaker-info.txt, without speakers of unknown sex; an empty dict if it is missing."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    sexes = {}
    for line in lines:
        words = line.split()
        sex = next((word for word in words[1:3] if word in ("F", "M")), None)
        if sex is not None:
            speaker = words[0] if words[0][0].isalpha() else f"p{words[0]}"
            sexes[speaker] = sex
    return sexes
