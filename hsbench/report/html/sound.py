"""Sound and its pictures as files of the report, named by their content, so that each is there once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.audio.io import read_mono
from hsbench.errors import DataError
from hsbench.files import sha256_bytes
from hsbench.report.html import spectrograms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hsbench.report.html.site import Site
    from hsbench.results.cell_folder import CellFolder
    from hsbench.results.store import Results


@dataclass(frozen=True)
class Heard:
    """One waveform in the report.

    Attributes:
        audio: its place, or None where sound is left out.
        picture: the place of its spectrogram.
    """

    audio: str | None
    picture: str


class Sounds:
    """Puts waveforms into a report and draws what is not drawn yet."""

    def __init__(self, site: Site, results: Results, *, audio: bool) -> None:
        self._site, self._results, self._audio = site, results, audio
        self._tops: dict[str, float] = {}

    def original(self, reference: Mapping[str, Any]) -> Heard | None:
        """The original of a clip; None where it is not there."""
        if not reference:
            return None
        path = self._results.reference_audio(reference["audio"])
        return self._heard(path, reference["audio"].removesuffix(".wav"), path)

    def rebuilt(self, folder: CellFolder, clip: str, reference: Mapping[str, Any]) -> Heard | None:
        """What a cell made of it, drawn on the scale of the original; None where it is not kept."""
        path = folder.audio(clip)
        if not reference or not path.exists():
            return None
        return self._heard(path, sha256_bytes(path.read_bytes()), self._results.reference_audio(reference["audio"]))

    def _heard(self, path: Path, name: str, original: Path) -> Heard | None:
        if not path.exists() or not original.exists():
            return None
        audio = f"audio/{name}.wav" if self._audio else None
        if audio is not None:
            self._site.take(audio, path)
        drawn = sha256_bytes(f"{spectrograms.VERSION} {name} {original.name}".encode())[:32]
        picture = f"spectrograms/{drawn}.png"
        if not self._site.has(picture):
            waveform, rate = read_mono(path)
            self._site.write(picture, spectrograms.png(waveform, rate, self._top(original)))
        return Heard(audio, picture)

    def _top(self, original: Path) -> float:
        """The upper end of a clip's colour scale; an original is read for it once."""
        if original.name not in self._tops:
            waveform, rate = read_mono(original)
            if not waveform.size:
                raise DataError(f"{original} holds no samples; remove it and run the experiment again.")
            self._tops = {original.name: spectrograms.loudest(waveform, rate)}
        return self._tops[original.name]
