"""Reconstructions made by other software: a folder with one audio file per clip, to be scored like any model.

A file belongs to the clip whose id is the file's name without its ending; a leading `reconstruction_` is ignored. Files
are mono, at the corpus's sample rate and as long as the clip. The cell's key contains the names and SHA-256 hashes of
the audio files and not the path: a copy of the folder is the same cell, and a changed file makes a new cell.

Payload: the files do not state what a clip cost to store. The settings `numbers` and `bits` do.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench.descriptors import ModelDescriptor
from hsbench.errors import DataError, UsageError
from hsbench.files import sha256_file, sha256_json
from hsbench.models.base import Payload
from hsbench.models.clipwise import Clipwise
from hsbench.models.content import require_unchanged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context

DESCRIPTORS = [
    ModelDescriptor(
        name="recon-dir",
        target="hsbench.models.recon_dir:ReconDir",
        summary="reconstructions made by other software: --set recon-dir.path=DIR",
        trains=False,
        defaults={"path": None, "numbers": 0, "bits": None},
        places={"path": "DIR"},
        resolve="hsbench.models.recon_dir:resolve",
    ),
]


def resolve(settings: Mapping[str, Any], switches: Mapping[str, Any], samples: int) -> dict[str, Any]:
    """Add a hash of the folder's content to the settings, which enters the cell's key.

    Args:
        settings: settings of the model, with the path of the folder.
        switches: not used.
        samples: not used.

    Raises:
        UsageError: the folder does not exist or holds no audio.
        DataError: two files belong to the same clip.
    """
    del switches, samples
    return {**settings, "content": _content(_files_by_clip(Path(settings["path"])))}


def _files_by_clip(folder: Path) -> dict[str, Path]:
    """Return {clip id: file} of a folder."""
    from hsbench.audio.matching import files

    if not folder.is_dir():
        raise UsageError(f"recon-dir.path expects a folder of audio files, and {folder} is none; check the path.")
    problems: list[str] = []
    by_clip = files(folder, problems)
    if problems:
        raise DataError(f"{problems[0]}; recon-dir expects one file for each clip, so remove or rename one.")
    if not by_clip:
        raise UsageError(f"recon-dir.path expects a folder of audio files, and {folder} holds none; check the path.")
    return by_clip


def _content(by_clip: Mapping[str, Path]) -> str:
    """Return a hash of the clip ids and of the files' contents."""
    return sha256_json({clip: sha256_file(path) for clip, path in by_clip.items()})


class ReconDir(Clipwise):
    """Read the reconstruction of a clip from a folder.

    Args:
        path: the folder.
        content: hash of the folder's content when the cell was planned, as `resolve` computes it.
        numbers: numbers that each clip cost to store.
        bits: bits that each clip cost to store, or None where unknown.

    Raises:
        DataError: the folder's content has changed since the cell was planned.
    """

    name = "recon-dir"

    def __init__(self, path: str, content: str, numbers: int, bits: int | None) -> None:
        self.folder, self.payload = Path(path), Payload(numbers, bits)
        self.files = _files_by_clip(self.folder)
        require_unchanged(path, content, _content(self.files))

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[Any], Payload]:
        """Read the file of a clip.

        Raises:
            DataError: the file is missing, or its sample rate or length is not the clip's.
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
