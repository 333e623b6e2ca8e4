"""How a clip passes through an autoencoder, either rave-v1 or an export, and what is recorded about the result.

Settings of both models:

* `latent`: `full` for a random sample from the distribution of every latent; `mean` for its mean; `exported` for the
  output of an export's own `encode`, which may have fewer latents.
* `noise`: whether the generator adds its filtered noise.
* `align`: `none`, or `filterbank` to advance the estimate by the lag of the filter bank; its last samples are then
  zeros.

The published row of Table 2a corresponds to `full`, with noise and `none` (see docs/rave.md). A clip is padded with
zeros to whole latent frames, and the estimate is cut back. Random numbers are seeded by the cell's seed and the clip's
id, so an estimate does not depend on which clips are reconstructed before it.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from hsbench.audio.lag import advanced, best_match
from hsbench.errors import UnknownNameError
from hsbench.models.base import Payload, Reconstruction, verdict
from hsbench.models.clipwise import Clipwise, as_floats

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context

LATENTS = ("full", "mean", "exported")
ALIGNMENTS = ("none", "filterbank")


class Autoencoder(Protocol):
    """Interface of a trained autoencoder: waveform [1, time] of whole frames -> latents -> waveform [1, time]."""

    @property
    def ratio(self) -> int:
        """Samples per latent frame."""
        ...

    @property
    def lag(self) -> int:
        """Delay of the filter bank, in samples."""
        ...

    def encode(self, waveform: torch.Tensor, latent: str) -> torch.Tensor:
        """Return the latents of a waveform: [1, time] -> [1, numbers, frames].

        Args:
            waveform: [1, time].
            latent: which latents, one of LATENTS.
        """
        ...

    def decode(self, latents: torch.Tensor, latent: str, *, noise: bool) -> torch.Tensor:
        """Return the waveform of latents: [1, numbers, frames] -> [1, time].

        Args:
            latents: [1, numbers, frames], as `encode` returned them.
            latent: the argument `latent` that `encode` had.
            noise: whether the generator adds its noise.
        """
        ...


class RaveModel(Clipwise):
    """A model that encodes and decodes clips with an autoencoder.

    Args:
        latent: which latents are decoded, one of LATENTS.
        noise: whether the generator adds its noise.
        align: how the estimate is aligned, one of ALIGNMENTS.

    Raises:
        UnknownNameError: `latent` or `align` has another value.
    """

    def __init__(self, latent: str, noise: bool, align: str) -> None:
        if latent not in LATENTS:
            raise UnknownNameError("latent", latent, LATENTS)
        if align not in ALIGNMENTS:
            raise UnknownNameError("alignment", align, ALIGNMENTS)
        self.latent, self.noise, self.align = latent, bool(noise), align

    @abstractmethod
    def autoencoder(self) -> Autoencoder:
        """Return the trained autoencoder, which `fit` trains or loads."""

    @torch.inference_mode()
    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Encode and decode one clip; return the estimate and the number of its latents."""
        network, size = self.autoencoder(), clip.waveform.size
        frames = -(-size // network.ratio)
        padded = np.zeros(frames * network.ratio, np.float32)
        padded[:size] = clip.waveform
        waveform = torch.from_numpy(padded)[None].to(context.device)
        with torch.random.fork_rng(devices=[waveform.device] if waveform.is_cuda else []):
            torch.manual_seed(context.key("rave", clip.id))
            latents = network.encode(waveform, self.latent)
            decoded = network.decode(latents, self.latent, noise=self.noise)
        estimate: NDArray[np.float32] = decoded[0].float().cpu().numpy()
        if self.align == "filterbank":
            estimate = advanced(estimate, network.lag)
        return estimate[:size], as_floats(latents.numel())

    def reconstruct(self, clips: Sequence[Clip], context: Context) -> Iterator[Reconstruction]:
        """Reconstruct clips one by one.

        The facts of each reconstruction are the lag within +-1024 samples at which it matches its clip best, the
        polarity of this match, and the normalised correlation there.
        """
        references = {clip.id: clip.waveform for clip in clips}
        for reconstruction in super().reconstruct(clips, context):
            reference = references[reconstruction.clip_id]
            match = best_match(reference, reconstruction.waveform)
            facts = {
                "lag": match.lag,
                "polarity": -1 if match.correlation < 0 else 1,
                "correlation": round(match.correlation, 4),
            }
            status = verdict(reference, reconstruction.waveform)
            yield dataclasses.replace(reconstruction, status=status, facts=facts)
