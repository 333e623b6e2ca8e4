"""Sound files and their spectrograms in the report, named by their content so that equal ones are stored once."""

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
class Sound:
    """The files of one waveform in the report.

    Attributes:
        audio: path of the sound file in the report; None in a report without sound.
        picture: path of the spectrogram in the report.
    """

    audio: str | None
    picture: str


class Sounds:
    """Adds sound files to a report, and draws each spectrogram that the report does not have yet."""

    def __init__(self, site: Site, results: Results, *, audio: bool) -> None:
        self._site, self._results, self._audio = site, results, audio
        self._tops: dict[str, float] = {}

    def original(self, reference: Mapping[str, Any]) -> Sound | None:
        """Return the files of a clip's original; None where the results folder does not hold it.

        Args:
            reference: facts of the original; empty where there are none.
        """
        if not reference:
            return None
        path = self._results.reference_audio(reference["audio"])
        return self._sound(path, reference["audio"].removesuffix(".wav"), path)

    def reconstruction(self, folder: CellFolder, clip: str, reference: Mapping[str, Any]) -> Sound | None:
        """Return the files of a reconstruction; None where the cell did not keep its sound.

        Args:
            folder: folder of the cell.
            clip: identifier of the clip that was reconstructed.
            reference: facts of the original, whose loudest point sets the colour scale.
        """
        path = folder.audio(clip)
        if not reference or not path.exists():
            return None
        return self._sound(path, sha256_bytes(path.read_bytes()), self._results.reference_audio(reference["audio"]))

    def _sound(self, path: Path, name: str, original: Path) -> Sound | None:
        if not path.exists() or not original.exists():
            return None
        audio = f"audio/{name}.wav" if self._audio else None
        if audio is not None:
            self._site.take(audio, path)
        digest = sha256_bytes(f"{spectrograms.VERSION} {name} {original.name}".encode())[:32]
        picture = f"spectrograms/{digest}.png"
        if not self._site.has(picture):
            waveform, rate = read_mono(path)
            self._site.write(picture, spectrograms.png(waveform, rate, self._top(original)))
        return Sound(audio, picture)

    def _top(self, original: Path) -> float:
        """Return the upper end of a clip's colour scale [dB]; the last one is kept for the other rows of the clip."""
        if original.name not in self._tops:
            waveform, rate = read_mono(original)
            if not waveform.size:
                raise DataError(f"{original} holds no samples; remove it and run the experiment again.")
            self._tops = {original.name: spectrograms.loudest(waveform, rate)}
        return self._tops[original.name]
