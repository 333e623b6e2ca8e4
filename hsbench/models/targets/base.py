"""What all target networks share: layer sizes, names and shapes of parameters, and the linear layer.

Conventions: parameters {name: [batch, *shape]}, weights [out, in]; coordinates [batch or 1, time, 1] in [-1, 1].
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import torch

from hsbench.errors import UsageError
from hsbench.models.targets.form import PLAIN, UNITWISE, cut, divisor, padded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.models.targets.form import Form


class TargetNet(ABC):
    """A coordinate network whose parameters are given at every call.

    Attributes:
        sizes: number of inputs, number of units of each hidden layer, 1 output.
        layers: number of linear layers.
        activation: "relu" or "sine", after every linear layer but the last; another text for a network that the kernels
            in fused.py do not evaluate.
    """

    activation: ClassVar[str]

    def __init__(self, inputs: int, hidden_sizes: Sequence[int]) -> None:
        if not hidden_sizes or any(int(h) < 1 for h in hidden_sizes):
            raise UsageError(
                f"a target network needs hidden layers of at least one unit each, got {list(hidden_sizes)}."
            )
        self.sizes = (inputs, *(int(h) for h in hidden_sizes), 1)
        self.layers = len(self.sizes) - 1

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter in order: {w0, b0, w1, b1, ...: shape}; weights are [out, in]."""
        shapes: dict[str, tuple[int, ...]] = {}
        for layer in range(self.layers):
            fan_in, fan_out = self.sizes[layer : layer + 2]
            shapes |= {f"w{layer}": (fan_out, fan_in), f"b{layer}": (fan_out,)}
        return shapes

    def count(self) -> int:
        """Return the number of weights and biases."""
        return sum(torch.Size(shape).numel() for shape in self.shapes().values())

    def apply(self, params: Mapping[str, torch.Tensor], coords: torch.Tensor) -> torch.Tensor:
        """Evaluate.

        Args:
            params: {name: [batch, *shape]}.
            coords: [batch or 1, time, 1], in [-1, 1].

        Returns:
            [batch, time].
        """
        return self.apply_features(self.fold(params), self.features(coords))

    @abstractmethod
    def features(self, coords: torch.Tensor) -> torch.Tensor:
        """Return the input of the first layer, which depends on no parameter.

        Args:
            coords: [batch or 1, time, 1], in [-1, 1].

        Returns:
            [batch or 1, inputs, time].
        """

    def fold(self, params: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return the parameters with the network's constants multiplied in, once for all coordinates."""
        return dict(params)

    @abstractmethod
    def apply_features(self, folded: Mapping[str, torch.Tensor], features: torch.Tensor) -> torch.Tensor:
        """Evaluate from folded parameters and features: [batch or 1, inputs, time] -> [batch, time].

        Time comes last, so that a layer is W x and a batched matrix product runs along memory.
        """

    def evaluate(self, folded: Mapping[str, torch.Tensor], features: torch.Tensor, form: Form = PLAIN) -> torch.Tensor:
        """Evaluate as `apply_features` does, in a form that may suit a GPU better (hsbench.models.targets.form).

        Args:
            folded: parameters as `fold` returns them, {name: [batch or 1, *shape]}.
            features: [batch or 1, inputs, time].
            form: how to evaluate; it changes the output by rounding only.

        Returns:
            [batch, time].
        """
        if form == PLAIN:
            return self.apply_features(folded, features)
        batch, time = max(features.shape[0], *(value.shape[0] for value in folded.values())), features.shape[2]
        if form.multiple > 1 and self.activation in UNITWISE:
            folded, features = padded(folded, features, form.multiple)
        folded, features = cut(folded, features, batch, divisor(time, form.stretches))
        return self.apply_features(folded, features).reshape(batch, time)

    def compile(self, backend: str = "inductor") -> None:
        """Compile `evaluate` with torch.compile, in place; compiling again changes nothing."""
        plain = partial(type(self).evaluate, self)
        self.evaluate = torch.compile(plain, backend=backend)  # type: ignore[method-assign]

    @abstractmethod
    def bound(self, name: str, fan_in: int, divisor: str) -> float:
        """Return half the width of the uniform distribution that the initial values of a parameter are drawn from.

        Args:
            name: of the parameter, such as "w0".
            fan_in: number of inputs of its layer.
            divisor: for a SIREN, which omega divides sqrt(6 / fan_in): "omega_i" or "omega_0".
        """

    def draw(
        self, generator: torch.Generator, divisor: str = "omega_i", waveform: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """Draw the initial parameters of one individually fitted network: {name: [*shape]} float32, on the CPU.

        Args:
            generator: source of random numbers, on the CPU.
            divisor: for a SIREN, which omega divides sqrt(6 / fan_in): "omega_i" or "omega_0".
            waveform: the clip that is fitted, [samples], for networks whose initial values follow it.
        """
        del waveform
        drawn = {}
        for name, shape in self.shapes().items():
            fan_in = self.sizes[int(name[1:])]
            unit = torch.rand(shape, generator=generator) * 2 - 1
            drawn[name] = unit * self.bound(name, fan_in, divisor)
        return drawn


def grid(samples: int) -> torch.Tensor:
    """Return the coordinates of a clip's own samples: [1, samples, 1] float32, from -1 to 1."""
    return torch.linspace(-1, 1, samples).view(1, -1, 1)


def linear(params: Mapping[str, torch.Tensor], layer: int, x: torch.Tensor) -> torch.Tensor:
    """Compute s (W x + b) of one layer; bias b and factor s (one per output) are optional.

    Args:
        params: {name: [batch or 1, *shape]} with w<layer>, and b<layer> and s<layer> where the layer has them.
        layer: number of the layer, from 0.
        x: input [batch or 1, in, time].

    Returns:
        [batch, out, time], or [1, out, time] where neither parameters nor input differ between clips.
    """
    weight, bias = params[f"w{layer}"], params.get(f"b{layer}")
    batch = max(weight.shape[0], x.shape[0], 1 if bias is None else bias.shape[0])
    weight, x = weight.expand(batch, -1, -1), x.expand(batch, -1, -1)
    y = torch.bmm(weight, x) if bias is None else torch.baddbmm(bias.unsqueeze(2), weight, x)
    return scaled(params, layer, y)


def scaled(params: Mapping[str, torch.Tensor], layer: int, y: torch.Tensor) -> torch.Tensor:
    """Multiply pre-activations [batch or 1, out, time] by the layer's factor s, where it has one."""
    factor = params.get(f"s{layer}")
    return y if factor is None else y * factor.unsqueeze(2)
