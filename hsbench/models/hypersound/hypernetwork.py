"""The hypernetwork: a perceptron with ELU whose last layer, the head, writes the parameters of a target network.

Hidden layers: Kaiming uniform (fan in, ReLU), bias 0. The head is initialised for what it generates:

* FMLP, hyperfan-in (Chang et al. 2019): rows of w_i have variance 1 / (fan_in_i n), rows of b_i 1 / n, n the width that
  feeds the head; bias 0.
* SIREN: those weights times 1e-3; bias U(+-1) for the first layer, U(+-sqrt(6 / fan_in) / omega_i) for the others, for
  weights and biases alike.

The generated vector is w0, b0, w1, b1, ..., each row-major [out, in]. Source: section 3.6 of arXiv 2302.04959 and its
reference code.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import torch
from torch import nn

from hsbench.models.hypersound.elu import elu
from hsbench.models.targets import SIREN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.models.targets.base import TargetNet


class Hypernetwork(nn.Module):
    """[batch, inputs] -> {name: [batch, *shape]}.

    Attributes:
        shapes: ordered {name: shape} of what it generates.
    """

    def __init__(self, inputs: int, hidden: Sequence[int], shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__()
        self.shapes = dict(shapes)
        self.sizes = [math.prod(shape) for shape in self.shapes.values()]
        widths = [inputs, *hidden]
        self.hidden = nn.ModuleList(nn.Linear(*pair) for pair in itertools.pairwise(widths))
        self.head = nn.Linear(widths[-1], sum(self.sizes))

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """[batch, inputs] -> [batch, generated parameters]."""
        for layer in self.hidden:
            latent = elu(layer(latent))
        vector: torch.Tensor = self.head(latent)
        return vector

    def split(self, vector: torch.Tensor) -> dict[str, torch.Tensor]:
        """[batch, generated parameters] -> {name: [batch, *shape]}."""
        parts = torch.split(vector, self.sizes, dim=1)
        return {name: part.reshape(-1, *shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}

    @torch.no_grad()
    def initialise(self, net: TargetNet, output_scale: float = 1.0) -> None:
        """Draw all weights for a target network, from torch's global generator.

        Args:
            net: the target network.
            output_scale: multiplies what is drawn for its last layer, and so what a fresh network plays.
        """
        for layer in self.hidden:
            assert isinstance(layer, nn.Linear)
            nn.init.kaiming_uniform_(layer.weight, mode="fan_in", nonlinearity="relu")
            layer.bias.zero_()
        self.head.bias.zero_()
        fed, first = self.head.in_features, 0
        for name, size in zip(self.shapes, self.sizes, strict=True):
            rows = slice(first, first + size)
            fan_in = net.sizes[int(name[1:])]
            bound = math.sqrt(3 / fed) * (1 if name.startswith("b") else math.sqrt(1 / fan_in))
            if isinstance(net, SIREN):
                bound *= 1e-3
                self.head.bias[rows].uniform_(-1, 1).mul_(1 if name[1:] == "0" else math.sqrt(6 / fan_in) / net.omega_i)
            self.head.weight[rows].uniform_(-bound, bound)
            if int(name[1:]) == net.layers - 1:
                self.head.weight[rows] *= output_scale
                self.head.bias[rows] *= output_scale
            first += size
