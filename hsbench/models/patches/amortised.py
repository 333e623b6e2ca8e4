"""`patch-inr`: an encoder writes the latent of each patch in one pass, and a shared SIREN decodes it.

Encoder and SIREN are trained together to minimise the root-mean-square error over all samples of a step,

    L = sqrt(mean (y - x)^2)  +  spectral_weight x S(joined patches),

where S is the multi-resolution mel loss of hsbench.fit.losses (section 3.4 of arXiv 2302.04959). S needs more than 1024
successive samples, so with a positive weight a training window is a run of RUN patches.

This is HyperSound's idea, one pass of a hypernetwork, with two changes: it generates a few modulations of shared
weights instead of all weights, and it does so for short patches instead of whole clips. Definition tried first within
this project; the shared network and its modulations are those of COIN++ (Dupont et al. 2022, arXiv 2201.12904).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from hsbench.fit.losses import WARM_UP, spectral
from hsbench.models.patches import cutting
from hsbench.models.patches.counting import hidden_widths
from hsbench.models.patches.model import PatchModel
from hsbench.models.patches.network import PatchEncoder, SharedSIREN, first_omega
from hsbench.models.patches.siren import Weights, backward, forward
from hsbench.models.patches.tiles import added

if TYPE_CHECKING:
    from collections.abc import Callable

    from hsbench.models.base import Context
    from hsbench.models.patches.tiles import Tiles

    Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

RUN = 16
"""Patches of a training window where the spectral loss is used."""


class AmortisedNetwork(nn.Module):
    """Encoder and shared SIREN."""

    def __init__(self, encoder: PatchEncoder, siren: SharedSIREN) -> None:
        super().__init__()
        self.encoder, self.siren = encoder, siren


class PatchINR(PatchModel[AmortisedNetwork]):
    """A patch-wise hypernetwork.

    Args:
        patch: samples per patch.
        latent: numbers per patch.
        compression_ratio: ignored, since `patch` and `latent` state the size exactly.
        width: units per layer of the shared SIREN.
        layers: layers of the shared SIREN with sines.
        first_hz: highest frequency of its first layer, in Hz.
        omega: factor of the other layers.
        spectral_weight: weight of the spectral loss; 0 for none.
        frequency_weight_p: exponent of the frequency weighting of the spectral loss, which is there from the first
            step on; 0 for none.
        shared_layers: number of first layers of the SIREN that are the same for all patches.
        latent_format: number format in which a clip's latents are stored, see hsbench.models.quantise.
    """

    def __init__(
        self,
        *,
        patch: int,
        latent: int,
        compression_ratio: float,
        width: int,
        layers: int,
        first_hz: float,
        omega: float,
        spectral_weight: float,
        frequency_weight_p: float = 0.0,
        shared_layers: int = 0,
        latent_format: str = "fp32",
    ) -> None:
        del compression_ratio
        super().__init__("patch-inr", patch, latent, latent_format)
        self.width, self.layers, self.first_hz, self.omega = width, layers, first_hz, omega
        self.spectral_weight, self.frequency_weight_p = spectral_weight, frequency_weight_p
        self.shared_layers = shared_layers

    def build(self, context: Context) -> AmortisedNetwork:
        """Return an untrained network, drawn from the seed of the cell."""
        hidden = hidden_widths(context.training["hidden"])
        first = first_omega(self.first_hz, self.patch, context.sample_rate)
        siren = SharedSIREN(self.latent, self.width, self.layers, first, self.omega, self.shared_layers)
        network = AmortisedNetwork(PatchEncoder(self.patch, hidden, self.latent), siren)
        generator = torch.Generator().manual_seed(context.key("initialise"))
        network.encoder.initialise(generator)
        network.siren.initialise(generator)
        return network

    def siren(self) -> SharedSIREN:
        """Return the shared SIREN of the trained network."""
        return self.trained.siren

    def run(self) -> int:
        """Return the patches of a training window: 1, or RUN where the spectral loss is used."""
        return RUN if self.spectral_weight else 1

    def encode(self, patches: torch.Tensor, tiles: Tiles, context: Context) -> torch.Tensor:
        """Return the latents of a clip in one pass of the encoder: [patches, samples] -> [patches, latent]."""
        del tiles, context
        latents: torch.Tensor = self.trained.encoder(patches)
        return latents

    def step(self, tiles: Tiles, context: Context) -> AmortisedStep:
        """Return the training step (see hsbench.models.patches.model.PatchModel.step)."""
        return AmortisedStep(self.trained, self.patch, tiles, self._loss(context))

    def _loss(self, context: Context) -> Loss:
        """Return the loss, (patches, estimates) -> scalar, both [patches, samples]."""

        def root_mean_square(patches: torch.Tensor, estimates: torch.Tensor) -> torch.Tensor:
            return (estimates - patches).square().mean().sqrt()

        if not self.spectral_weight:
            return root_mean_square
        perceptual = spectral("mel", context.sample_rate, self.frequency_weight_p, "mel_amplitude", lambda mean: mean)

        def loss(patches: torch.Tensor, estimates: torch.Tensor) -> torch.Tensor:
            joined = (patches.view(-1, RUN * self.patch), estimates.view(-1, RUN * self.patch))
            return root_mean_square(patches, estimates) + self.spectral_weight * perceptual(*joined, WARM_UP)

        return loss


class AmortisedStep:
    """Compute the loss of a step and the gradients of all parameters.

    The shared SIREN is evaluated tile by tile. The loss may couple all patches, so its derivative by the estimates is
    computed between the forward and the backward pass of the tiles. The encoder and the linear map from latents to
    shifts are small and are left to autograd.

    Args:
        network: the network that is trained.
        patch: samples per patch.
        tiles: how to work on the patches.
        loss: (patches, estimates) -> scalar.
    """

    def __init__(self, network: AmortisedNetwork, patch: int, tiles: Tiles, loss: Loss) -> None:
        self.network, self.tiles, self.loss = network, tiles, loss
        self.grid = cutting.coordinates(patch, network.siren.first)
        self.forward, self.backward = forward, backward

    def compile(self, backend: str = "inductor") -> None:
        """Let torch compile the shared SIREN and its derivative.

        Args:
            backend: name of torch's compiler backend.
        """
        self.forward = torch.compile(forward, backend=backend)
        self.backward = torch.compile(backward, backend=backend)

    def __call__(self, patches: torch.Tensor) -> torch.Tensor:
        """Set the gradients of a step and return its loss, detached.

        Args:
            patches: the patches of the step, [patches, samples].
        """
        siren, grid = self.network.siren, self.grid
        weights, shifts = siren.weights(), siren.shifts(self.network.encoder(patches))
        fixed = Weights(*(value.detach() for value in weights))
        constant = shifts.detach()
        evaluations = self.tiles.map(lambda tile: self.forward(fixed, constant[tile], grid), len(patches))
        estimates = torch.cat([evaluation.output for evaluation in evaluations]).requires_grad_()
        loss = self.loss(patches, estimates)
        (to_estimates,) = torch.autograd.grad(loss, estimates)
        by_tile = dict(zip((tile.start for tile in self.tiles.of(len(patches))), evaluations, strict=True))
        gradients = self.tiles.map(
            lambda tile: self.backward(fixed, by_tile[tile.start], grid, to_estimates[tile])[0], len(patches)
        )
        to_weights = added([part.weights for part in gradients if part.weights is not None])
        to_shifts = torch.cat([part.shifts for part in gradients])
        torch.autograd.backward([*weights, shifts], [*to_weights, to_shifts])
        return loss.detach()
