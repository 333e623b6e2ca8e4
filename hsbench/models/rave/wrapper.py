"""RAVE trained by other software: a TorchScript export of acids-rave, `--set rave.path=FILE.ts`.

Loading the file runs its author's code (see hsbench.models.rave.export). The cell's key contains the SHA-256 of the
file and not its path. With `resample`, clips are resampled to the export's sample rate and back; without it, an export
of another rate is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench.audio.clip import Clip
from hsbench.audio.resample import resample
from hsbench.errors import UsageError
from hsbench.files import sha256_file
from hsbench.fit.precision import pin
from hsbench.models.content import require_unchanged
from hsbench.models.rave.base import RaveModel
from hsbench.models.rave.export import Export

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from hsbench.models.base import Context, Payload, Training


def resolve(settings: Mapping[str, Any], switches: Mapping[str, Any], samples: int) -> dict[str, Any]:
    """Add a hash of the export's file to the settings, which enters the cell's key; the file is not loaded.

    Args:
        settings: settings of the model, with the path of the file.
        switches: not used.
        samples: not used.

    Raises:
        UsageError: the file does not exist.
    """
    del switches, samples
    return {**settings, "content": _content(Path(settings["path"]))}


def _content(path: Path) -> str:
    """Return the SHA-256 of the export's file."""
    if not path.is_file():
        raise UsageError(f"rave.path expects a TorchScript file of rave export, and {path} is none; check the path.")
    return sha256_file(path)


class RaveExport(RaveModel):
    """Encode and decode clips with an export.

    Args:
        path: the TorchScript file.
        content: SHA-256 of the file when the cell was planned, as `resolve` computes it.
        latent: which latents are decoded, see hsbench.models.rave.base.
        noise: whether the generator adds its noise.
        align: how the estimate is aligned, see hsbench.models.rave.base.
        resample: whether clips of another sample rate are resampled to that of the export.

    Raises:
        DataError: the file has changed since the cell was planned.
    """

    name = "rave"

    def __init__(self, path: str, content: str, latent: str, noise: bool, align: str, resample: bool) -> None:
        super().__init__(latent, noise, align)
        self.path, self.resample = Path(path), resample
        require_unchanged(path, content, _content(self.path))
        self.export: Export | None = None

    def autoencoder(self) -> Export:
        """Return the loaded export."""
        assert self.export is not None, "call fit first"
        return self.export

    def fit(self, train: Training, context: Context) -> Mapping[str, Any]:
        """Load the export; nothing is learned.

        Args:
            train: not used.
            context: device and clip format of the run.

        Returns:
            Facts that the export states about itself, see hsbench.models.rave.export.Export.facts.

        Raises:
            DataError: the file is no export of acids-rave.
            UsageError: the export is a streaming one, or was trained at another sample rate than the clips have.
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
        """Encode and decode one clip at the export's sample rate; return the estimate at the clip's own rate."""
        rate = self.autoencoder().sample_rate
        resampled = Clip(clip.id, resample(clip.waveform, clip.sample_rate, rate), rate)
        waveform, payload = super().rebuild(resampled, context)
        return resample(waveform, rate, clip.sample_rate)[: clip.waveform.size], payload
