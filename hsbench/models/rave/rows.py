"""How a clip is played through an autoencoder, ours or an export, and what is said of the result.

Settings, the same for both:

* `latent`: `full`, a sample of every latent's distribution; `mean`, its mean; `exported`, what the export's own
  `encode` gives, often fewer latents.
* `noise`: whether the generator's noise is added.
* `align`: `none`, or `filterbank`: the lag of the filter bank is taken away, and the last samples are zeros.

The published row is `full`, with noise and `none` (see RAVE in docs/rave.md). A clip is padded with zeros to whole
frames and cut back; its random numbers are keyed by seed and clip, so they do not depend on its neighbours.
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
    """What plays a clip: [1, time] of whole frames -> latents [1, numbers, frames] -> [1, time]."""

    @property
    def ratio(self) -> int:
        """Samples per frame."""
        ...

    @property
    def lag(self) -> int:
        """Samples by which its filter bank is late."""
        ...

    def encode(self, waveform: torch.Tensor, latent: str) -> torch.Tensor:
        """The latents."""
        ...

    def decode(self, latents: torch.Tensor, latent: str, *, noise: bool) -> torch.Tensor:
        """The sound of latents that were encoded in that way."""
        ...


class RaveRows(Clipwise):
    """A model that plays clips through an autoencoder.

    Raises:
        UnknownNameError: latent or align is none of the known ones.
    """

    def __init__(self, latent: str, noise: bool, align: str) -> None:
        if latent not in LATENTS:
            raise UnknownNameError("latent", latent, LATENTS)
        if align not in ALIGNMENTS:
            raise UnknownNameError("alignment", align, ALIGNMENTS)
        self.latent, self.noise, self.align = latent, bool(noise), align

    @abstractmethod
    def autoencoder(self) -> Autoencoder:
        """What plays; `fit` comes first."""

    @torch.inference_mode()
    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Encode and decode a clip."""
        network, size = self.autoencoder(), clip.waveform.size
        frames = -(-size // network.ratio)
        padded = np.zeros(frames * network.ratio, np.float32)
        padded[:size] = clip.waveform
        given = torch.from_numpy(padded)[None].to(context.device)
        with torch.random.fork_rng(devices=[given.device] if given.is_cuda else []):
            torch.manual_seed(context.key("rave", clip.id))
            latents = network.encode(given, self.latent)
            played = network.decode(latents, self.latent, noise=self.noise)
        waveform: NDArray[np.float32] = played[0].float().cpu().numpy()
        if self.align == "filterbank":
            waveform = advanced(waveform, network.lag)
        return waveform[:size], as_floats(latents.numel())

    def reconstruct(self, clips: Sequence[Clip], context: Context) -> Iterator[Reconstruction]:
        """Rebuild clips one by one; where each matches its clip best within 1024 samples stands in its facts."""
        waveforms = {clip.id: clip.waveform for clip in clips}
        for made in super().reconstruct(clips, context):
            given = waveforms[made.clip_id]
            match = best_match(given, made.waveform)
            facts = {
                "lag": match.lag,
                "polarity": -1 if match.correlation < 0 else 1,
                "correlation": round(match.correlation, 4),
            }
            yield dataclasses.replace(made, status=verdict(given, made.waveform), facts=facts)
