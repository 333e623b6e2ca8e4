"""One training step of RAVE v1, in its two phases.

Phase 1 fits encoder and generator by spectral distance, loudness and the divergence of the latents. In phase 2 the
encoder rests, with its batch norms frozen; the generator, now with its noise, and the discriminators take turns, the
discriminators at even step numbers. Source: the published code of RAVE 1, as numbers (arXiv 2111.05011).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hsbench.audio import pqmf
from hsbench.audio.randomness import uniform
from hsbench.models.rave.discriminators import judged
from hsbench.models.rave.encoder import divergence
from hsbench.models.rave.losses import loudness_distance, spectral_distance

if TYPE_CHECKING:
    from collections.abc import Callable

    from hsbench.models.rave.discriminators import Discriminators
    from hsbench.models.rave.network import Rave


def distance(bands: torch.Tensor, played: torch.Tensor) -> torch.Tensor:
    """Spectral distance by band and of the whole, and loudness; both [batch, 16, time / 16]."""
    apart = spectral_distance(bands.flatten(0, 1), played.flatten(0, 1))
    whole, made = pqmf.synthesise(bands), pqmf.synthesise(played)
    return apart + spectral_distance(whole, made) + loudness_distance(whole, made)


class TrainingStep:
    """Gradients of one batch.

    Args:
        network: what is trained.
        critics: what it plays against in phase 2.
        first: steps of phase 1.
        beta: weight of the divergence.
        key: a seed for a purpose.
    """

    def __init__(
        self, network: Rave, critics: Discriminators, first: int, beta: float, key: Callable[..., int]
    ) -> None:
        self.network, self.critics, self.first, self.beta, self.key = network, critics, first, beta, key

    def __call__(self, number: int, waveform: torch.Tensor) -> torch.Tensor:
        """Add the gradients of a step; gives distance plus weighted divergence, without what the critics say."""
        second = number >= self.first
        self.network.train()
        self.network.encoder.train(not second)
        bands = pqmf.analyse(waveform)
        with torch.set_grad_enabled(not second):
            mean, deviation = self.network.encoder(bands)
            latents = mean + deviation * self._normal(number, mean)
            spread = self.beta * divergence(mean, deviation)
        critics_turn = second and number % 2 == 0
        with torch.set_grad_enabled(not critics_turn):
            played = self.network.generator(latents, self._white(number, bands) if second else None)
            loss = distance(bands, played) + spread
        if second:
            self._contest(pqmf.synthesise(bands), pqmf.synthesise(played), loss, critics_turn=critics_turn)
        else:
            loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def _contest(self, real: torch.Tensor, fake: torch.Tensor, loss: torch.Tensor, *, critics_turn: bool) -> None:
        self.critics.requires_grad_(critics_turn)
        theirs, ours, matching = judged(self.critics(real), self.critics(fake))
        (theirs if critics_turn else loss + ours + matching).backward()  # type: ignore[no-untyped-call]
        self.critics.requires_grad_(True)

    def _normal(self, number: int, like: torch.Tensor) -> torch.Tensor:
        generator = torch.Generator().manual_seed(self.key("latent", number))
        return torch.randn(like.shape, generator=generator).to(like)

    def _white(self, number: int, like: torch.Tensor) -> torch.Tensor:
        keys = torch.tensor([self.key("noise", number, place) for place in range(len(like))], device=like.device)
        return (2 * uniform(keys, like[0].numel()) - 1).view(like.shape).to(like)
