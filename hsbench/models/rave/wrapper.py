"""RAVE as others trained it: a TorchScript export of acids-rave, `--set rave.path=FILE.ts`.

Loading the file runs its author's code (see hsbench.models.rave.export). The cell's key knows it by its SHA-256 and not
by its path. With `resample`, clips go to the export's rate and back; without, another rate is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench.audio.clip import Clip
from hsbench.audio.resample import resample
from hsbench.errors import DataError, UsageError
from hsbench.files import sha256_file
from hsbench.fit.precision import pin
from hsbench.models.rave.export import Export
from hsbench.models.rave.rows import RaveRows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from hsbench.models.base import Context, Payload, Training


def resolve(settings: Mapping[str, Any], switches: Mapping[str, Any], samples: int) -> dict[str, Any]:
    """Settings with the file's content, a hash; the file is not loaded.

    Raises:
        UsageError: there is no such file.
    """
    del switches, samples
    return {**settings, "content": _content(Path(settings["path"]))}


def _content(path: Path) -> str:
    if not path.is_file():
        raise UsageError(f"rave.path expects a TorchScript file of rave export, and {path} is none; check the path.")
    return sha256_file(path)


class RaveExport(RaveRows):
    """Clips played through an export.

    Raises:
        DataError: the file is no longer what the cell was planned for.
    """

    name = "rave"

    def __init__(self, path: str, content: str, latent: str, noise: bool, align: str, resample: bool) -> None:
        super().__init__(latent, noise, align)
        self.path, self.resample = Path(path), resample
        if (now := _content(self.path)) != content:
            raise DataError(
                f"{path} has content {now[:12]} and this cell was planned for {content[:12]}; plan the run again."
            )
        self.export: Export | None = None

    def autoencoder(self) -> Export:
        """The export."""
        assert self.export is not None, "fit comes first"
        return self.export

    def fit(self, train: Training, context: Context) -> Mapping[str, Any]:
        """Load the file; nothing is learned. Gives what it says of itself.

        Raises:
            DataError: the file is no export.
            UsageError: it is a streaming one, or was trained at another rate than the clips have.
        """
        del train
        self.export = Export(self.path, pin(context.device, context.threads))
        if self.export.sample_rate != context.sample_rate and not self.resample:
            raise UsageError(
                f"{self.path} was trained at {self.export.sample_rate} Hz and the clips have {context.sample_rate} Hz; "
                f"give an export of that rate, or let clips be resampled: --set {self.name}.resample=true"
            )
        return self.export.facts()

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Encode and decode a clip, at the export's rate."""
        rate = self.autoencoder().sample_rate
        given = Clip(clip.id, resample(clip.waveform, clip.sample_rate, rate), rate)
        waveform, payload = super().rebuild(given, context)
        return resample(waveform, rate, clip.sample_rate)[: clip.waveform.size], payload
