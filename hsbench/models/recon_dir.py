"""Reconstructions made elsewhere: a folder of audio files, one for each clip.

A file belongs to the clip whose id is its name without the ending; a leading `reconstruction_` is passed over. Files
are mono, at the corpus's rate and as long as the clip. The cell's key knows the folder by the names and the SHA-256 of
its audio files and not by its path, so a copy elsewhere is the same cell and a changed file is another.

Payload: what each clip cost to store is not in the files; say it with the settings numbers and bits.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench.descriptors import ModelDescriptor
from hsbench.errors import DataError, UsageError
from hsbench.files import sha256_file, sha256_json
from hsbench.models.base import Payload
from hsbench.models.clipwise import Clipwise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context

DESCRIPTORS = [
    ModelDescriptor(
        name="recon-dir",
        target="hsbench.models.recon_dir:ReconDir",
        summary="reconstructions made elsewhere: --set recon-dir.path=DIR",
        defaults={"path": None, "numbers": 0, "bits": None},
        places={"path": "DIR"},
        resolve="hsbench.models.recon_dir:resolve",
    ),
]


def resolve(settings: Mapping[str, Any], switches: Mapping[str, Any], samples: int) -> dict[str, Any]:
    """Settings with the folder's content, a hash.

    Raises:
        UsageError: there is no such folder, or it holds no audio.
        DataError: two of its files have one name.
    """
    del switches, samples
    return {**settings, "content": _content(_found(Path(settings["path"])))}


def _found(folder: Path) -> dict[str, Path]:
    """Clip id -> file."""
    from hsbench.audio.matching import files

    if not folder.is_dir():
        raise UsageError(f"recon-dir.path expects a folder of audio files, and {folder} is none; check the path.")
    problems: list[str] = []
    found = files(folder, problems)
    if problems:
        raise DataError(f"{problems[0]}; recon-dir expects one file for each clip, so remove or rename one.")
    if not found:
        raise UsageError(f"recon-dir.path expects a folder of audio files, and {folder} holds none; check the path.")
    return found


def _content(found: Mapping[str, Path]) -> str:
    """A hash of names and files."""
    return sha256_json({name: sha256_file(path) for name, path in found.items()})


class ReconDir(Clipwise):
    """A folder of reconstructions.

    Raises:
        DataError: its content is no longer what the cell was planned for.
    """

    name = "recon-dir"

    def __init__(self, path: str, content: str, numbers: int, bits: int | None) -> None:
        self.folder, self.payload = Path(path), Payload(numbers, bits)
        self.files = _found(self.folder)
        if (now := _content(self.files)) != content:
            raise DataError(
                f"{path} has content {now[:12]} and this cell was planned for {content[:12]}; plan the run again."
            )

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[Any], Payload]:
        """The file of a clip.

        Raises:
            DataError: there is none, or it has another rate or length.
        """
        from hsbench.audio.io import read_mono

        if clip.id not in self.files:
            raise DataError(
                f"expected a reconstruction {clip.id}.wav in {self.folder}, and there is none; "
                "add it, or ask for fewer clips with --limit."
            )
        path = self.files[clip.id]
        waveform, rate = read_mono(path)
        if (rate, waveform.size) != (context.sample_rate, clip.waveform.size):
            raise DataError(
                f"{path}: expected {clip.waveform.size} samples at {context.sample_rate} Hz, "
                f"got {waveform.size} at {rate} Hz; resample or cut it."
            )
        return waveform, self.payload
