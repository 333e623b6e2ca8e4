"""The parameters that all clips share in a patch-wise INR: a SIREN, the map from latents to shifts, and an encoder.

Notation of COIN++ (Dupont et al. 2022, arXiv 2201.12904). A patch has a latent phi, which is what is stored for it.
Layer l = 1 .. L of the SIREN computes sin(omega_l (W_l h + b_l + s_l)), the output layer y = w h + b, and the shifts of
all layers are one linear function of the latent, s = A phi. (COIN++ adds a vector c to it, which does the same as b_l
and is left out here.) omega_l is `omega` for all layers but the first.

Frequency of the first layer. A patch of P samples at rate f lasts (P - 1) / f seconds from its first to its last
sample, over which the coordinate x rises by 10. A unit with weight W_1 is sin(omega_1 W_1 x + ...), so its frequency is

    omega_1 |W_1| x 10 f / (2 pi (P - 1)) Hz.

The weights are drawn with |W_1| <= 1, so the highest frequency is `first_hz` for

    omega_1 = 2 pi (P - 1) first_hz / (10 f).

The factor omega_1 = 50 of COIN++ is 6881 Hz for P = 256 at 22 050 Hz.

Initialisation (that of COIN++): W_1 and b_1 uniform on +-1 (one input); later W_l and w uniform on
+-sqrt(6 / width) / omega; later biases uniform on +-1 / sqrt(width); A uniform on +-1 / sqrt(latent).
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import torch
from torch import nn

from hsbench.models.hypersound.elu import elu_
from hsbench.models.patches.cutting import SPAN
from hsbench.models.patches.siren import Weights

if TYPE_CHECKING:
    from collections.abc import Sequence


def first_omega(first_hz: float, patch: int, sample_rate: int) -> float:
    """Return omega_1 for a highest frequency of the first layer.

    Args:
        first_hz: the frequency, in Hz.
        patch: P, samples per patch.
        sample_rate: in Hz.
    """
    return 2 * math.pi * max(1, patch - 1) * first_hz / (2 * SPAN * sample_rate)


class SharedSIREN(nn.Module):
    """The shared SIREN and the linear map from latents to shifts.

    Args:
        latent: numbers per patch.
        width: units per layer.
        layers: L, number of layers with sines.
        omega_first: omega_1.
        omega: omega_l of the other layers.
    """

    def __init__(self, latent: int, width: int, layers: int, omega_first: float, omega: float) -> None:
        super().__init__()
        self.layers, self.width, self.omega_first, self.omega = layers, width, omega_first, omega
        self.first = nn.Parameter(torch.zeros(width, 1))
        self.hidden = nn.Parameter(torch.zeros(layers - 1, width, width))
        self.biases = nn.Parameter(torch.zeros(layers, width))
        self.output = nn.Parameter(torch.zeros(1, width))
        self.output_bias = nn.Parameter(torch.zeros(1))
        self.modulation = nn.Linear(latent, layers * width, bias=False)
        omegas = torch.full((layers, 1), omega)
        omegas[0] = omega_first
        self.register_buffer("omegas", omegas, persistent=False)

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Draw all parameters.

        Args:
            generator: source of random numbers, on the CPU.
        """
        bound = math.sqrt(6 / self.width) / self.omega
        self.first.uniform_(-1, 1, generator=generator)
        self.hidden.uniform_(-bound, bound, generator=generator)
        self.output.uniform_(-bound, bound, generator=generator)
        self.biases[0].uniform_(-1, 1, generator=generator)
        self.biases[1:].uniform_(-1 / math.sqrt(self.width), 1 / math.sqrt(self.width), generator=generator)
        self.output_bias.uniform_(-1 / math.sqrt(self.width), 1 / math.sqrt(self.width), generator=generator)
        latent_bound = 1 / math.sqrt(self.modulation.in_features)
        self.modulation.weight.uniform_(-latent_bound, latent_bound, generator=generator)

    def weights(self) -> Weights:
        """Return the matrices of all layers with the factors omega multiplied in (see hsbench.models.patches.siren)."""
        return Weights(self.omega_first * self.first, self.omega * self.hidden, self.output, self.output_bias)

    def shifts(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the vectors omega_l (b_l + s_l): [patches, latent] -> [patches, layers, width]."""
        modulation = self.modulation(latent).view(-1, self.layers, self.width)
        shifts: torch.Tensor = self.get_buffer("omegas") * (self.biases + modulation)
        return shifts


class PatchEncoder(nn.Module):
    """A perceptron with ELU that reads the samples of a patch and writes its latent.

    Args:
        patch: samples per patch.
        hidden: widths of the hidden layers.
        latent: numbers per patch.
    """

    def __init__(self, patch: int, hidden: Sequence[int], latent: int) -> None:
        super().__init__()
        self.linear = nn.ModuleList(nn.Linear(*pair) for pair in itertools.pairwise((patch, *hidden, latent)))

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Draw weights and biases uniformly on +-1 / sqrt(number of inputs), the default of PyTorch.

        Args:
            generator: source of random numbers, on the CPU.
        """
        for layer in self.linear:
            assert isinstance(layer, nn.Linear)
            bound = 1 / math.sqrt(layer.in_features)
            layer.weight.uniform_(-bound, bound, generator=generator)
            layer.bias.uniform_(-bound, bound, generator=generator)

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """Return the latents: [patches, samples] -> [patches, latent]."""
        *hidden, last = self.linear
        for layer in hidden:
            patches = elu_(layer(patches))
        latent: torch.Tensor = last(patches)
        return latent
