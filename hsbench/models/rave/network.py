"""The reimplementation of RAVE v1 as one module: filter bank, encoder and generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from hsbench.audio import pqmf
from hsbench.models.rave.encoder import RATIO, Encoder
from hsbench.models.rave.generator import Generator

if TYPE_CHECKING:
    from collections.abc import Mapping


class Rave(nn.Module):
    """Encode and decode waveforms, [batch, time] with a multiple of 2048 samples.

    Args:
        capacity: channels of the layers that read and write the sub-bands; 64 in the paper.
        seed: seed of the initialisation, which is torch's default one.

    Attributes:
        ratio: samples per latent frame.
        lag: delay of the filter bank, in samples.
    """

    ratio = RATIO
    lag = pqmf.LAG

    def __init__(self, capacity: int, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.encoder, self.generator = Encoder(capacity), Generator(capacity)

    def encode(self, waveform: torch.Tensor, latent: str) -> torch.Tensor:
        """Return the latents of a waveform: [1, time] -> [1, 128, time / 2048].

        Args:
            waveform: [1, time].
            latent: "mean" for means, "full" for a sample of each latent's distribution, by torch's global generator.
        """
        mean, deviation = self.encoder(pqmf.analyse(waveform))
        latents: torch.Tensor = mean if latent == "mean" else mean + deviation * torch.randn_like(mean)
        return latents

    def decode(self, latents: torch.Tensor, latent: str, *, noise: bool) -> torch.Tensor:
        """Return the waveform of latents: [1, 128, frames] -> [1, 2048 frames].

        Args:
            latents: [1, 128, frames].
            latent: not used; an export needs it.
            noise: whether the generator adds its noise, drawn from torch's global generator.
        """
        del latent
        shape = (latents.shape[0], pqmf.BANDS, latents.shape[-1] * RATIO // pqmf.BANDS)
        white = 2 * torch.rand(shape, dtype=latents.dtype, device=latents.device) - 1 if noise else None
        return pqmf.synthesise(self.generator(latents, white))

    def facts(self) -> Mapping[str, int]:
        """Return the facts for the report: number of parameters, and samples per latent frame."""
        return {"total": sum(parameter.numel() for parameter in self.parameters()), "ratio": self.ratio}
