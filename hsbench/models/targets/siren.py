"""SIREN: a multi-layer perceptron with sines.

    x_1 = sin(omega_0 t W_0^T + b_0),   x_{l+1} = sin(omega_i x_l W_l^T + b_l),   y = omega_i x_L W_L^T + b_L

omega scales the input of every layer, the last one's too, and not the bias (Sitzmann et al. 2020 scale the bias as
well): the form of the HyperSound reference code. The first layer is an outer product written elementwise, in the
precision of the coordinates, so that no reduced-precision matrix unit ever rounds a phase.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from hsbench.errors import UnknownNameError
from hsbench.models.targets import initial
from hsbench.models.targets.base import TargetNet, linear, scaled
from hsbench.models.targets.initial import INITIAL, Place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class SIREN(TargetNet):
    """Sinusoidal network; omega_0 for the first layer, omega_i for all others.

    Args:
        hidden_sizes: number of units of each hidden layer.
        omega_0: factor of t.
        omega_i: factor of the inputs of all other layers.
        init: distribution of the initial values, a name in hsbench.models.targets.initial.INITIAL.
        **settings: settings of that distribution, such as alpha.
    """

    activation = "sine"

    def __init__(
        self,
        hidden_sizes: Sequence[int],
        omega_0: float = 2000.0,
        omega_i: float = 30.0,
        init: str = "siren",
        **settings: Any,
    ) -> None:
        super().__init__(1, hidden_sizes)
        self.omega_0, self.omega_i = omega_0, omega_i
        self.init, self.settings = initial.check(init), settings

    def features(self, coords: torch.Tensor) -> torch.Tensor:
        """omega_0 t: [batch or 1, time, 1] -> [batch or 1, 1, time]."""
        return self.omega_0 * coords.transpose(1, 2)

    def fold(self, params: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """omega_i W for all layers but the first, whose omega stays with the times."""
        later = {f"w{layer}" for layer in range(1, self.layers)}
        return {name: value * self.omega_i if name in later else value for name, value in params.items()}

    def apply_features(self, folded: Mapping[str, torch.Tensor], features: torch.Tensor) -> torch.Tensor:
        """[batch or 1, 1, time] -> [batch, time]."""
        x = folded["w0"] * features
        if "b0" in folded:
            x = x + folded["b0"].unsqueeze(2)
        x = torch.sin(scaled(folded, 0, x))
        for layer in range(1, self.layers - 1):
            x = torch.sin(linear(folded, layer, x))
        return linear(folded, self.layers - 1, x).squeeze(1)

    def bound(self, name: str, fan_in: int, divisor: str) -> float:
        """1 for the first weights, sqrt(6 / fan_in) / omega for the others, 1 / sqrt(fan_in) for biases.

        The divisor "none" leaves omega out: the later weights have Kaiming's bound for ReLU networks, which ignores
        that omega multiplies the input of every layer.
        """
        omegas = {"omega_0": self.omega_0, "omega_i": self.omega_i, "none": 1.0}
        if divisor not in omegas:
            raise UnknownNameError("SIREN initialisation divisor", divisor, omegas)
        if name.startswith("b"):
            return 1 / math.sqrt(fan_in)
        return 1.0 if name == "w0" else math.sqrt(6 / fan_in) / omegas[divisor]

    def draw(
        self, generator: torch.Generator, divisor: str = "omega_i", waveform: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """Draw initial parameters, see TargetNet.draw; other initialisations than SIREN's own follow `init`."""
        if self.init == "siren":
            return super().draw(generator, divisor)
        settings = initial.with_clip(self.init, self.settings, waveform)
        settings |= {"omega_0": self.omega_0, "omega_i": self.omega_0 if divisor == "omega_0" else self.omega_i}
        drawn = {}
        for name, shape in self.shapes().items():
            layer = int(name[1:])
            place = Place(layer, self.layers, name.startswith("b"), self.sizes[layer])
            drawn[name] = initial.draw(shape, INITIAL[self.init](place, settings), generator)
        return drawn
