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

from typing import TYPE_CHECKING

import torch

from hsbench.audio import pqmf
from hsbench.audio.randomness import uniform
from hsbench.models.rave.discriminators import adversarial_losses
from hsbench.models.rave.encoder import divergence
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
        second = number >= self.phase_1_steps
        self.network.train()
        self.network.encoder.train(not second)
        bands = pqmf.analyse(waveform)
        with torch.set_grad_enabled(not second):
            mean, deviation = self.network.encoder(bands)
            latents = mean + deviation * self._normal(number, mean)
            weighted_divergence = self.beta * divergence(mean, deviation)
        trains_discriminators = second and number % 2 == 0
        with torch.set_grad_enabled(not trains_discriminators):
            estimate = self.network.generator(latents, self._white(number, bands) if second else None)
            loss = distance(bands, estimate) + weighted_divergence
        if second:
            real, fake = pqmf.synthesise(bands), pqmf.synthesise(estimate)
            self._adversarial_backward(real, fake, loss, trains_discriminators=trains_discriminators)
        else:
            loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def _adversarial_backward(
        self, real: torch.Tensor, fake: torch.Tensor, loss: torch.Tensor, *, trains_discriminators: bool
    ) -> None:
        """Propagate the loss of the discriminators, or that of the generator, backwards.

        In a step of the generator the discriminators' parameters need no gradient, but the gradient still passes
        through them to the generator's output.
        """
        self.discriminators.requires_grad_(trains_discriminators)
        discriminator_loss, generator_loss, matching = adversarial_losses(
            self.discriminators(real), self.discriminators(fake)
        )
        total = discriminator_loss if trains_discriminators else loss + generator_loss + matching
        total.backward()  # type: ignore[no-untyped-call]
        self.discriminators.requires_grad_(True)

    def _normal(self, number: int, like: torch.Tensor) -> torch.Tensor:
        """Draw the standard normal numbers of a step, shaped like a tensor."""
        generator = torch.Generator().manual_seed(self.key("latent", number))
        return torch.randn(like.shape, generator=generator).to(like)

    def _white(self, number: int, like: torch.Tensor) -> torch.Tensor:
        """Draw the generator's white noise of a step, uniform in [-1, 1) and shaped like a tensor."""
        keys = torch.tensor([self.key("noise", number, place) for place in range(len(like))], device=like.device)
        return (2 * uniform(keys, like[0].numel()) - 1).view(like.shape).to(like)
