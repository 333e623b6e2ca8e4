"""Our own RAVE v1 as one module: filter bank, encoder, generator."""

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
    """Encodes and decodes sounds, [batch, time] of a multiple of 2048 samples.

    Args:
        capacity: channels next to the sub-bands; 64 in the paper.
        seed: keys the initialisation, which is torch's own.
    """

    ratio = RATIO
    lag = pqmf.LAG

    def __init__(self, capacity: int, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.encoder, self.generator = Encoder(capacity), Generator(capacity)

    def encode(self, waveform: torch.Tensor, latent: str) -> torch.Tensor:
        """[1, time] -> [1, 128, time / 2048]: means, or with latent "full" a sample drawn from torch's generator."""
        mean, deviation = self.encoder(pqmf.analyse(waveform))
        latents: torch.Tensor = mean if latent == "mean" else mean + deviation * torch.randn_like(mean)
        return latents

    def decode(self, latents: torch.Tensor, latent: str, *, noise: bool) -> torch.Tensor:
        """[1, 128, frames], however they were encoded -> [1, time]; the noise comes from torch's generator."""
        del latent
        shape = (latents.shape[0], pqmf.BANDS, latents.shape[-1] * RATIO // pqmf.BANDS)
        white = 2 * torch.rand(shape, dtype=latents.dtype, device=latents.device) - 1 if noise else None
        return pqmf.synthesise(self.generator(latents, white))

    def facts(self) -> Mapping[str, int]:
        """What a report says of it."""
        return {"total": sum(parameter.numel() for parameter in self.parameters()), "ratio": self.ratio}
