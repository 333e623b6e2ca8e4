"""WIRE: a multi-layer perceptron with complex Gabor wavelets, in real arithmetic.

    x_{l+1} = exp(j omega z - s^2 |z|^2),   z = W_l x_l + b_l,   y = Re(W_L x_L + b_L)

The first layer's W and b are real, all others complex; omega is omega_0 in the first layer and omega_i in later ones.
With z = u + j v the wavelet has the real and the imaginary part

    exp(-omega v - s^2 (u^2 + v^2)) cos(omega u)    and    exp(-omega v - s^2 (u^2 + v^2)) sin(omega u).

Its magnitude is at most exp(omega^2 / (4 s^2)), at v = -omega / (2 s^2): s far below omega / 2 overflows.

A complex weight is stored as two numbers and counts as two. The last bias is real, since only the real part of the
output is used. Parameters hold real and imaginary parts first: w<l> [2, out, in], b<l> [2, out].

References: Saragadam et al. 2023, arXiv 2301.05187; checked against the class Wire of FINERplusplus (models.py).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from hsbench.models.targets import initial
from hsbench.models.targets.base import TargetNet, linear

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class WIRE(TargetNet):
    """Complex Gabor wavelets of frequency omega_0 (first layer) and omega_i (later ones) and scale s."""

    activation = "wire"

    def __init__(self, hidden_sizes: Sequence[int], omega_0: float, omega_i: float, s: float) -> None:
        super().__init__(1, hidden_sizes)
        self.omega_0, self.omega_i, self.s = omega_0, omega_i, s

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the parameters in order; complex ones have their two parts first."""
        shapes = super().shapes()
        for layer in range(1, self.layers):
            shapes[f"w{layer}"] = (2, *shapes[f"w{layer}"])
            if layer < self.layers - 1:
                shapes[f"b{layer}"] = (2, *shapes[f"b{layer}"])
        return shapes

    def features(self, coords: torch.Tensor) -> torch.Tensor:
        """[batch or 1, time, 1] -> [batch or 1, 1, time]."""
        return coords.transpose(1, 2)

    def fold(self, params: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return real matrices [[Re W, -Im W], [Im W, Re W]] that multiply real parts above imaginary parts."""
        folded = {"w0": params["w0"], "b0": params["b0"]}
        for layer in range(1, self.layers):
            real, imaginary = params[f"w{layer}"].unbind(1)
            top, last = torch.cat([real, -imaginary], dim=2), layer == self.layers - 1
            folded[f"w{layer}"] = top if last else torch.cat([top, torch.cat([imaginary, real], dim=2)], dim=1)
            folded[f"b{layer}"] = params[f"b{layer}"] if last else params[f"b{layer}"].flatten(1)
        return folded

    def apply_features(self, folded: Mapping[str, torch.Tensor], features: torch.Tensor) -> torch.Tensor:
        """[batch or 1, 1, time] -> [batch, time]."""
        z = folded["w0"] * features + folded["b0"].unsqueeze(2)
        x = _parts(torch.exp(-torch.square(self.s * z)), self.omega_0 * z)
        for layer in range(1, self.layers - 1):
            u, v = linear(folded, layer, x).chunk(2, dim=1)
            envelope = torch.exp(-self.omega_i * v - self.s**2 * (u * u + v * v))
            x = _parts(envelope, self.omega_i * u)
        return linear(folded, self.layers - 1, x).squeeze(1)

    def bound(self, name: str, fan_in: int, divisor: str) -> float:
        """1 / sqrt(fan_in) for weights and biases, their real and imaginary parts alike."""
        del name, divisor
        return 1 / math.sqrt(fan_in)

    def draw(
        self, generator: torch.Generator, divisor: str = "omega_i", waveform: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """Draw initial parameters, see TargetNet.draw."""
        del waveform
        return {
            name: initial.draw(shape, initial.Spread(self.bound(name, self.sizes[int(name[1:])], divisor)), generator)
            for name, shape in self.shapes().items()
        }


def _parts(envelope: torch.Tensor, phase: torch.Tensor) -> torch.Tensor:
    """Return real parts above imaginary parts of envelope e^(j phase): [batch, 2 units, time]."""
    return torch.cat([envelope * torch.cos(phase), envelope * torch.sin(phase)], dim=1)
