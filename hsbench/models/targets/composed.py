"""A coordinate network composed of an encoding of time, linear layers, an activation and an initialisation.

    x_0 = encoding(t),    x_{l+1} = activation(W_l x_l + b_l),    y = W_L x_L + b_L

Encoding, activation and initialisation are names of the tables in encodings.py, activations.py and initial.py. Unlike
in hsbench's SIREN, omega belongs to the activation, so it scales the bias too and not the output layer, as in the
sources of these networks. Constants of the activation that `learned` names are fitted to the clip and stored with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from hsbench.errors import UnknownNameError
from hsbench.models.targets import activations, initial
from hsbench.models.targets.activations import Layer
from hsbench.models.targets.base import TargetNet, linear
from hsbench.models.targets.encodings import ENCODINGS
from hsbench.models.targets.initial import INITIAL, Place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LEARNED = "learned"
"""Name of the parameter that holds the learned constants."""


class Composed(TargetNet):
    """Network of an encoding, an activation and an initialisation, by name.

    Args:
        hidden_sizes: number of units of each hidden layer.
        encoding: name in ENCODINGS.
        activation: name in ACTIVATIONS, or "module:function" of one elsewhere.
        init: name in INITIAL.
        learned: names of the constants that are fitted to each clip, separated by blanks; their settings are the values
            that the fit starts from.
        **settings: numbers of the encoding, of the activation (omega_0, omega_i and its constants) and of the
            initialisation.
    """

    activation = "composed"

    def __init__(
        self, hidden_sizes: Sequence[int], encoding: str, activation: str, init: str, learned: str = "", **settings: Any
    ) -> None:
        if encoding not in ENCODINGS:
            raise UnknownNameError("encoding", encoding, ENCODINGS)
        self.encoding, self.init, self.settings = ENCODINGS[encoding], initial.check(init), settings
        self.learned = learned.split()
        for name in self.learned:
            if name not in settings:
                raise UnknownNameError("learned constant", name, settings)
        self._activation = activations.find(activation)
        self.omegas = float(settings.get("omega_0", 1.0)), float(settings.get("omega_i", 1.0))
        super().__init__(self.encoding(torch.zeros(1, 1, 1), settings).shape[1], hidden_sizes)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the linear layers, then that of the learned constants."""
        return super().shapes() | ({LEARNED: (len(self.learned),)} if self.learned else {})

    def features(self, coords: torch.Tensor) -> torch.Tensor:
        """Encode time: [batch or 1, time, 1] -> [batch or 1, inputs, time]."""
        return self.encoding(coords, self.settings)

    def apply_features(self, folded: Mapping[str, torch.Tensor], features: torch.Tensor) -> torch.Tensor:
        """[batch or 1, inputs, time] -> [batch, time]."""
        constants = dict(self.settings)
        for number, name in enumerate(self.learned):
            constants[name] = folded[LEARNED][:, number, None, None]
        x = features
        for layer in range(self.layers - 1):
            place = Layer(layer == 0, self.omegas[layer > 0], constants)
            x = self._activation(_first(folded, x) if layer == 0 else linear(folded, layer, x), place)
        return linear(folded, self.layers - 1, x).squeeze(1)

    def bound(self, name: str, fan_in: int, divisor: str) -> float:
        """Return half the width of the uniform part of a parameter's initial distribution."""
        del divisor
        return INITIAL[self.init](self._place(name, fan_in), self.settings).uniform

    def draw(
        self, generator: torch.Generator, divisor: str = "omega_i", waveform: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """Draw initial parameters, see TargetNet.draw; learned constants start from their settings."""
        del divisor
        settings, drawn = initial.with_clip(self.init, self.settings, waveform), {}
        for name, shape in super().shapes().items():
            spread = INITIAL[self.init](self._place(name, self.sizes[int(name[1:])]), settings)
            drawn[name] = initial.draw(shape, spread, generator)
        if self.learned:
            drawn[LEARNED] = torch.tensor([float(self.settings[name]) for name in self.learned])
        return drawn

    def _place(self, name: str, fan_in: int) -> Place:
        return Place(int(name[1:]), self.layers, name.startswith("b"), fan_in)


def _first(folded: Mapping[str, torch.Tensor], features: torch.Tensor) -> torch.Tensor:
    """Compute the first linear layer; that of one input is an outer product, which no matrix unit may round."""
    if features.shape[1] > 1:
        return linear(folded, 0, features)
    return folded["w0"] * features + folded["b0"].unsqueeze(2)
