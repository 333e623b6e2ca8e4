"""`coinpp`: COIN++, whose latents are found by a few gradient steps from a shared start that is learned for it.

`fit` is the outer loop: it learns the shared SIREN, the map from latents to shifts and the step sizes such that the
inner loop (hsbench.models.patches.adaptation) ends at a small error. `reconstruct` is the inner loop.

Sizes and rates of the budget `paper` are those of the publication: 9 layers of 256 units, factors omega of 50, one step
size of 1e-2 that is not learned, Adam at 1e-6 on 64 patches, mean squared error. It trains on (x + 1) / 2 with 0.5
added to the output, which is training on x / 2 without the addition: `amplitude` 0.5. It departs from the publication
in dividing clips by their peak.

Source: Dupont et al. 2022, arXiv 2201.12904, and its reference code.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn

from hsbench.errors import UnknownNameError, UsageError
from hsbench.models.patches import cutting
from hsbench.models.patches.adaptation import Shared, adapt, at_start, meta_gradient
from hsbench.models.patches.model import PatchModel
from hsbench.models.patches.network import SharedSIREN, first_omega
from hsbench.models.patches.siren import Weights

if TYPE_CHECKING:
    from hsbench.models.base import Context
    from hsbench.models.patches.tiles import Tiles

LOSSES = ("rmse", "mse")
"""Outer losses: root-mean-square error and mean squared error over all samples of a step."""


class MetaNetwork(nn.Module):
    """Shared SIREN and step sizes; the logarithms of the step sizes are learned, so that they stay positive."""

    def __init__(self, siren: SharedSIREN, latent: int, *, learned_rates: bool) -> None:
        super().__init__()
        self.siren = siren
        self.log_rates = nn.Parameter(torch.zeros(latent), requires_grad=learned_rates)

    def shared(self) -> Shared:
        """Return all that the patches share, with the factors omega multiplied in."""
        siren = self.siren
        omegas = siren.get_buffer("omegas")
        modulation = (omegas[:, :, None] * siren.modulation.weight.view(siren.layers, siren.width, -1)).flatten(0, 1)
        return Shared(siren.weights(), omegas * siren.biases, modulation, self.log_rates.exp())


class COINPP(PatchModel[MetaNetwork]):
    """COIN++.

    Args:
        patch: samples per patch.
        latent: numbers per patch.
        compression_ratio: ignored, since `patch` and `latent` state the size exactly.
        first_hz: highest frequency of the first layer, in Hz.
        omega: factor of the other layers.
        inner_steps: gradient steps per patch in `reconstruct`; training has its own number, `train_inner_steps`.
        latent_format: number format in which a clip's latents are stored, see hsbench.models.quantise.
    """

    def __init__(
        self,
        *,
        patch: int,
        latent: int,
        compression_ratio: float,
        first_hz: float,
        omega: float,
        inner_steps: int,
        latent_format: str = "fp32",
    ) -> None:
        del compression_ratio
        super().__init__("coinpp", patch, latent, latent_format)
        self.first_hz, self.omega, self.inner_steps = first_hz, omega, inner_steps

    def build(self, context: Context) -> MetaNetwork:
        """Return an untrained network, drawn from the seed of the cell."""
        training = context.training
        if training["outer_loss"] not in LOSSES:
            raise UnknownNameError("outer loss", training["outer_loss"], LOSSES)
        for name in ("width", "layers", "train_inner_steps"):
            if not isinstance(training[name], int) or training[name] < 1:
                raise UsageError(f"{name} expects a whole number from 1, got {training[name]!r}.")
        for name in ("inner_rate", "amplitude"):
            if not training[name] > 0:
                raise UsageError(f"{name} expects a positive number, got {training[name]!r}.")
        first = first_omega(self.first_hz, self.patch, context.sample_rate)
        siren = SharedSIREN(self.latent, training["width"], training["layers"], first, self.omega)
        network = MetaNetwork(siren, self.latent, learned_rates=training["learned_rates"])
        network.siren.initialise(torch.Generator().manual_seed(context.key("initialise")))
        with torch.no_grad():
            network.log_rates.fill_(math.log(training["inner_rate"]))
        return network

    def siren(self) -> SharedSIREN:
        """Return the shared SIREN of the trained network."""
        return self.trained.siren

    def gradient_steps(self) -> int:
        """Return the number of inner steps per patch."""
        return self.inner_steps

    def amplitude(self, context: Context) -> float:
        """Return the factor between a waveform and what the SIREN is fitted to."""
        return float(context.training["amplitude"])

    @torch.no_grad()
    def encode(self, patches: torch.Tensor, tiles: Tiles, context: Context) -> torch.Tensor:
        """Return the latents of a clip after the inner steps: [patches, samples] -> [patches, latent]."""
        shared, trained = self.trained.shared(), context.training["train_inner_steps"]
        targets = self.amplitude(context) * patches
        grid = cutting.coordinates(self.patch, patches)
        start = at_start(shared, grid)
        parts = tiles.map(
            lambda tile: adapt(shared, start, targets[tile], grid, self.inner_steps, trained), targets.shape[0]
        )
        return torch.cat(parts)

    def step(self, tiles: Tiles, context: Context) -> MetaStep:
        """Return the outer step (see hsbench.models.patches.model.PatchModel.step)."""
        training = context.training
        return MetaStep(
            self.trained,
            self.patch,
            tiles,
            training["train_inner_steps"],
            training["outer_loss"],
            self.amplitude(context),
        )


class MetaStep:
    """Compute the outer loss of a step and its gradient.

    Every tile computes the gradient of its part S of the sum of squares. With m = (sum of all S) / n, the mean over all
    n samples, the mean squared error m has the gradient grad(sum S) / n, and its root grad(sum S) / (2 n sqrt(m)): one
    factor for all tiles, which is multiplied in at the end.

    Args:
        network: the network that is trained.
        patch: samples per patch.
        tiles: how to work on the patches.
        inner_steps: number of inner steps.
        loss: one of LOSSES.
        amplitude: factor between the patches and what the SIREN is fitted to.
    """

    def __init__(
        self, network: MetaNetwork, patch: int, tiles: Tiles, inner_steps: int, loss: str, amplitude: float = 1.0
    ) -> None:
        self.network, self.tiles = network, tiles
        self.inner_steps, self.loss, self.amplitude = inner_steps, loss, amplitude
        self.grid = cutting.coordinates(patch, network.siren.first)
        self.gradient = meta_gradient

    def compile(self, backend: str = "inductor") -> None:
        """Let torch compile the inner loop and its derivative.

        Args:
            backend: name of torch's compiler backend.
        """
        self.gradient = torch.compile(meta_gradient, backend=backend)

    def __call__(self, patches: torch.Tensor) -> torch.Tensor:
        """Set the gradients of a step and return its loss, detached.

        Args:
            patches: the patches of the step, [patches, samples].
        """
        targets, shared, grid = self.amplitude * patches, self.network.shared(), self.grid
        leaves = _flat(shared)
        fixed = _detached(shared)
        start = at_start(fixed, grid)
        parts = self.tiles.map(
            lambda tile: self.gradient(fixed, start, targets[tile], grid, self.inner_steps), targets.shape[0]
        )
        squares = torch.stack([square for square, _ in parts]).sum()
        total = [value.clone() for value in _flat(parts[0][1])]
        for _, part in parts[1:]:
            torch._foreach_add_(total, _flat(part))
        mean = squares / targets.numel()
        factor = 1 / targets.numel() if self.loss == "mse" else 0.5 / (targets.numel() * mean.sqrt())
        pairs = [(leaf, factor * value) for leaf, value in zip(leaves, total, strict=True) if leaf.requires_grad]
        torch.autograd.backward([leaf for leaf, _ in pairs], [value for _, value in pairs])
        return mean if self.loss == "mse" else mean.sqrt()


def _flat(shared: Shared) -> list[torch.Tensor]:
    """Return all tensors of `shared` as a list."""
    return [*shared.weights, shared.base, shared.modulation, shared.rates]


def _detached(shared: Shared) -> Shared:
    """Return `shared` without its autograd graph."""
    weights = Weights(*(value.detach() for value in shared.weights))
    return Shared(weights, shared.base.detach(), shared.modulation.detach(), shared.rates.detach())
