"""One training step of RAVE v1, in either of its two phases.

Phase 1 trains encoder and generator as a variational autoencoder, by minimising

    distance(x, y) + beta divergence(z),    z = mean + deviation * e,    e standard normal.

Drawing z in this form lets the gradient pass to mean and deviation, since e does not depend on them.

Phase 2 keeps the encoder fixed, with its batch norms frozen, so that the latents of a clip no longer change. The
generator, now with its noise, and the discriminators are trained in alternation: at even step numbers the
discriminators minimise their hinge loss, at odd ones the generator minimises

    distance(x, y) - mean D(y) + 10 feature matching.

The shared loop has one optimiser for all parameters. A parameter without a gradient is skipped in that step, with its
moments unchanged. So a step decides which networks it trains by giving gradients to their parameters only.

Source: constants in the published code of RAVE 1 (arXiv 2111.05011).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from hsbench.audio import pqmf
from hsbench.audio.randomness import uniform
from hsbench.fit.transfer import sent
from hsbench.fit.update import Work
from hsbench.models.rave.discriminators import adversarial_losses
from hsbench.models.rave.encoder import LATENTS, RATIO, divergence
from hsbench.models.rave.losses import loudness_distance, spectral_distance

if TYPE_CHECKING:
    from collections.abc import Callable

    from hsbench.models.rave.discriminators import Discriminators
    from hsbench.models.rave.network import Rave


def distance(reference: torch.Tensor, estimate: torch.Tensor) -> torch.Tensor:
    """Return RAVE's reconstruction loss, a scalar.

    It is the spectral distance of the sub-bands, plus spectral distance and loudness distance of the full band.

    Args:
        reference: sub-bands of the clips, [batch, 16, time / 16].
        estimate: sub-bands of their reconstructions, [batch, 16, time / 16].
    """
    by_band = spectral_distance(reference.flatten(0, 1), estimate.flatten(0, 1))
    whole_reference, whole_estimate = pqmf.synthesise(reference), pqmf.synthesise(estimate)
    full_band = spectral_distance(whole_reference, whole_estimate)
    return by_band + full_band + loudness_distance(whole_reference, whole_estimate)


AUTOENCODER, DISCRIMINATORS, GENERATOR = "autoencoder", "discriminators", "generator"
"""The kinds of steps, by the networks that they train: the first in phase 1, the others alternately in phase 2."""


class TrainingStep:
    """Compute the gradients of one step.

    Args:
        network: encoder and generator.
        discriminators: the discriminators that phase 2 trains against the generator.
        phase_1_steps: number of steps of phase 1.
        beta: weight of the divergence of the latents.
        key: returns a seed for a purpose, see hsbench.models.base.Context.key.
    """

    def __init__(
        self,
        network: Rave,
        discriminators: Discriminators,
        phase_1_steps: int,
        beta: float,
        key: Callable[..., int],
    ) -> None:
        self.network, self.discriminators = network, discriminators
        self.phase_1_steps, self.beta, self.key = phase_1_steps, beta, key

    def __call__(self, number: int, waveform: torch.Tensor) -> torch.Tensor:
        """Add the gradients of a step and return its loss, detached.

        Args:
            number: number of the step, from 0.
            waveform: [batch, time].

        Returns:
            Distance plus weighted divergence, in both phases; adversarial losses are not part of it, so the learning
            curve has one meaning throughout.
        """
        work = self.work(number, waveform)
        return work.gradients(*work.inputs)

    def work(self, number: int, waveform: torch.Tensor) -> Work:
        """Return the same step in a form that can be recorded.

        Args:
            number: number of the step, from 0.
            waveform: [batch, time].
        """
        normal = self._normal(number, waveform)
        if number < self.phase_1_steps:
            return Work(self._autoencoder, (waveform, normal), AUTOENCODER)
        kind = DISCRIMINATORS if number % 2 == 0 else GENERATOR
        return Work(partial(self._adversarial, kind), (waveform, normal, self._noise_keys(number, waveform)), kind)

    def compile(self, backend: str = "inductor") -> None:
        """Let torch compile encoder, generator and discriminators, in place.

        Args:
            backend: name of torch's compiler backend.
        """
        self.network.encoder.compile(backend=backend)
        self.network.generator.compile_heads(backend)
        self.discriminators.compile(backend=backend)

    def _autoencoder(self, waveform: torch.Tensor, normal: torch.Tensor) -> torch.Tensor:
        """Do a step of phase 1.

        Args:
            waveform: [batch, time].
            normal: e, standard normal numbers, [batch, 128, time / 2048].
        """
        self.network.train()
        bands = pqmf.analyse(waveform)
        latents, weighted_divergence = self._latents(bands, normal)
        loss = distance(bands, self.network.generator(latents, None)) + weighted_divergence
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def _adversarial(
        self, kind: str, waveform: torch.Tensor, normal: torch.Tensor, noise_keys: torch.Tensor
    ) -> torch.Tensor:
        """Do a step of phase 2.

        In a step of the generator the discriminators' parameters need no gradient, but the gradient still passes
        through them to the generator's output.

        Args:
            kind: DISCRIMINATORS or GENERATOR.
            waveform: [batch, time].
            normal: e, standard normal numbers, [batch, 128, time / 2048].
            noise_keys: [batch], keys of the generator's noise (hsbench.audio.randomness).
        """
        self.network.train()
        self.network.encoder.eval()
        bands = pqmf.analyse(waveform)
        white = (2 * uniform(noise_keys, bands[0].numel()) - 1).view(bands.shape).to(bands)
        with torch.no_grad():
            latents, weighted_divergence = self._latents(bands, normal)
        with torch.set_grad_enabled(kind == GENERATOR):
            estimate = self.network.generator(latents, white)
            loss = distance(bands, estimate) + weighted_divergence
        self.discriminators.requires_grad_(kind == DISCRIMINATORS)
        of_discriminators, of_generator, matching = adversarial_losses(
            self.discriminators(pqmf.synthesise(bands)), self.discriminators(pqmf.synthesise(estimate))
        )
        total = of_discriminators if kind == DISCRIMINATORS else loss + of_generator + matching
        total.backward()  # type: ignore[no-untyped-call]
        self.discriminators.requires_grad_(True)
        return loss.detach()

    def _latents(self, bands: torch.Tensor, normal: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return latents drawn for sub-bands, z = mean + deviation * e, and their divergence times beta."""
        mean, deviation = self.network.encoder(bands)
        return mean + deviation * normal, self.beta * divergence(mean, deviation)

    def _normal(self, number: int, waveform: torch.Tensor) -> torch.Tensor:
        """Draw the standard normal numbers of a step, one for each latent of the waveforms."""
        generator = torch.Generator().manual_seed(self.key("latent", number))
        normal = torch.randn(len(waveform), LATENTS, waveform.shape[1] // RATIO, generator=generator)
        return sent(normal.to(waveform.dtype), waveform.device)

    def _noise_keys(self, number: int, waveform: torch.Tensor) -> torch.Tensor:
        """Return the keys of the generator's noise in a step, one for each waveform."""
        keys = torch.tensor([self.key("noise", number, place) for place in range(len(waveform))])
        return sent(keys, waveform.device)
