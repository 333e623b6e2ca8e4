"""The hypernetwork: a perceptron with ELU whose last layer, the head, generates the parameters of a target network.

The generated vector is w0, b0, w1, b1, ..., each in row-major order [out, in].

Initialisation. Hidden layers: Kaiming uniform (fan-in, ReLU), bias 0. The head is initialised for the parameters that
it generates. Let e be its n inputs, with E[e_k^2] = 1, and H its weights, independent with zero mean. One generated
parameter is p = sum_k H_k e_k + (bias of the head).

* FMLP, hyperfan-in (Chang et al. 2019). With a head bias of 0, Var(p) = n Var(H). A layer of the target network keeps
  the mean square of its input if its weights have Var(w) = 1 / fan_in. A head row that generates a weight of layer i
  therefore has Var(H) = 1 / (fan_in_i n). A row that generates a bias has Var(H) = 1 / n, hence Var(b) = 1. A uniform
  distribution on +-a has variance a^2 / 3, so a = sqrt(3 / n) sqrt(1 / fan_in_i) for weights, sqrt(3 / n) for biases.
* SIREN. The same bounds times 1e-3, so the contribution of e almost vanishes and the generated parameters start near
  the head's bias, equal for all clips. That bias is drawn as the weights of a SIREN are: uniform on +-1 for the first
  layer and on +-sqrt(6 / fan_in) / omega_i for the others, for generated weights and biases alike.
* The way `biases_only` with an FMLP: a bias has the variance of the network's own draw, 1 / (3 fan_in), so
  a = 1 / sqrt(n fan_in). Shared weights have the same variance, 1 / (3 fan_in), and would contribute almost nothing
  beside biases of variance 1, so the output would hardly depend on time. A SIREN's biases start as above.
* The way `global_residual` (hsbench.models.hypersound.combine) adds generated parameters to shared ones, which carry
  the draw of a whole network. Generated parameters start as a small deviation from these: the bounds above times
  RESIDUAL_SCALE for an FMLP; for a SIREN, whose bounds are small already, a head bias of 0 instead of a second draw.
  Chosen by the loss on eight training clips of the demo corpus after 300 steps: 0.28 instead of 0.32 with an FMLP, 0.29
  instead of 0.35 with a SIREN (one seed; 26 units, clips of 8192 samples, 1 channel, else budget quick).
* The head start `network`, for an FMLP in the way `replace` after short trainings: as with a SIREN, the head's bias is
  drawn as the weights of the target network are, and the bounds above are multiplied by NEAR. The parameters of all
  clips start near one complete network instead of at unrelated ones whose biases have variance 1. After the training
  of the budget `quick` the loss on its eight training clips is 0.30 instead of 0.40 (one seed; docs/hypersound.md).

Source: section 3.6 of arXiv 2302.04959 and its reference code; the last three rules are hsbench's own.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import torch
from torch import nn

from hsbench.errors import UnknownNameError
from hsbench.models.hypersound.elu import elu_
from hsbench.models.targets import SIREN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.models.targets.base import TargetNet

PLAIN_STARTS = ("kaiming", "xavier")
"""The head as any other linear layer, whatever parameters its rows generate: what section 3.6 of the paper advises
against."""
HEAD_STARTS = ("hyperfan", "network", *PLAIN_STARTS)
"""Ways to initialise the head for an FMLP: hyperfan-in, as the paper does, near one complete network, and plainly. A
head for a SIREN has its own initialisation unless it is plain."""
NEAR = 0.01
"""Factor of the head's initial weights with the head start `network`."""
RESIDUAL_SCALE = 0.1
"""Factor of the initial parameters that are generated for an FMLP, in the way `global_residual`."""


class Hypernetwork(nn.Module):
    """Generate the parameters of a target network for each latent of a batch.

    Args:
        inputs: numbers of a latent.
        hidden: widths of the hidden layers.
        shapes: ordered {name: shape} of the generated parameters.

    Attributes:
        shapes: ordered {name: shape} of the generated parameters.
        sizes: how many numbers each of them has.
    """

    def __init__(self, inputs: int, hidden: Sequence[int], shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__()
        self.shapes = dict(shapes)
        self.sizes = [math.prod(shape) for shape in self.shapes.values()]
        widths = [inputs, *hidden]
        self.hidden = nn.ModuleList(nn.Linear(*pair) for pair in itertools.pairwise(widths))
        self.head = nn.Linear(widths[-1], sum(self.sizes))

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the generated vectors of a batch: [batch, inputs] -> [batch, generated parameters]."""
        for layer in self.hidden:
            latent = elu_(layer(latent))
        vector: torch.Tensor = self.head(latent)
        return vector

    def split(self, vector: torch.Tensor) -> dict[str, torch.Tensor]:
        """Split generated vectors into parameters: [batch, generated parameters] -> {name: [batch, *shape]}."""
        parts = torch.split(vector, self.sizes, dim=1)
        return {name: part.reshape(-1, *shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}

    def _initialise_hidden(self) -> None:
        """Draw the hidden layers (Kaiming uniform, biases 0); call it without gradients."""
        for layer in self.hidden:
            assert isinstance(layer, nn.Linear)
            nn.init.kaiming_uniform_(layer.weight, mode="fan_in", nonlinearity="relu")
            layer.bias.zero_()

    @torch.no_grad()
    def initialise(
        self, net: TargetNet, output_scale: float = 1.0, way: str = "replace", start: str = "hyperfan"
    ) -> None:
        """Draw all weights from torch's global random generator.

        Args:
            net: the target network whose parameters are generated.
            output_scale: factor of everything that is drawn for the last layer of the target network, and so of the
                waveform that the untrained network reconstructs.
            way: rule that combines generated and shared parameters, see hsbench.models.hypersound.combine.
            start: one of HEAD_STARTS; "hyperfan" and "network" differ only for an FMLP in the way `replace`.

        Raises:
            UnknownNameError: `start` is not one of HEAD_STARTS.
        """
        if start not in HEAD_STARTS:
            raise UnknownNameError("head start", start, HEAD_STARTS)
        self._initialise_hidden()
        self.head.bias.zero_()
        inputs, first = self.head.in_features, 0
        for name, size in zip(self.shapes, self.sizes, strict=True):
            rows = slice(first, first + size)
            fan_in = net.sizes[int(name[1:])]
            bound = _hyperfan_bound(name, inputs, fan_in)
            if start in PLAIN_STARTS:
                bound = _plain_bound(start, inputs, self.head.out_features)
            elif isinstance(net, SIREN):
                bound *= 1e-3
                if way != "global_residual":
                    self.head.bias[rows].uniform_(-1, 1).mul_(_siren_bound(net, name, fan_in))
            elif way == "global_residual":
                bound *= RESIDUAL_SCALE
            elif way == "replace" and start == "network":
                bound *= NEAR
                self.head.bias[rows].uniform_(-1, 1).mul_(net.bound(name, fan_in, "omega_i"))
            elif way == "biases_only":
                bound = net.bound(name, fan_in, "omega_i") / math.sqrt(inputs)
            self.head.weight[rows].uniform_(-bound, bound)
            if int(name[1:]) == net.layers - 1:
                self.head.weight[rows] *= output_scale
                self.head.bias[rows] *= output_scale
            first += size


def _hyperfan_bound(name: str, inputs: int, fan_in: int) -> float:
    """Return the bound of hyperfan-in for the rows of the head that generate a parameter."""
    return math.sqrt(3 / inputs) * (1 if name.startswith("b") else math.sqrt(1 / fan_in))


def _siren_bound(net: SIREN, name: str, fan_in: int) -> float:
    """Return the bound of the uniform distribution that a parameter of a SIREN starts from."""
    return 1.0 if name[1:] == "0" else math.sqrt(6 / fan_in) / net.omega_i


def _plain_bound(start: str, inputs: int, outputs: int) -> float:
    """Return the bound of an ordinary linear layer: Kaiming's sqrt(6 / inputs) or Xavier's sqrt(6 / (in + out))."""
    return math.sqrt(6 / (inputs if start == "kaiming" else inputs + outputs))
