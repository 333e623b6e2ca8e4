"""Grids: tables of several resolutions, interpolated linearly, below a small perceptron; a control.

    level l: a table of r_l + 1 points with F values each over [-1, 1],   r_l = lowest (highest / lowest)^(l / (L - 1))
    x_0 = the interpolated values of all levels,    x_{l+1} = relu(W_l x_l + b_l),    y = W_L x_L + b_L

At compression ratio 1 a one-dimensional grid is little more than decimation, so it is a bar that every network should
exceed and no method of its own. The tables are dense; nothing is hashed.

Reference: Mueller et al. 2022, arXiv 2201.05989 (multiresolution grids), in one dimension; tables start at U(1e-4).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from hsbench.models.inr import sizes
from hsbench.models.targets.base import TargetNet, linear

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

START = 1e-4
"""Half the width of the uniform distribution of the initial values of a table."""


class Grids(TargetNet):
    """Tables and a perceptron.

    Args:
        hidden_sizes: number of units of each hidden layer of the perceptron.
        levels: number of tables.
        lowest: intervals of the coarsest table.
        highest: intervals of the finest table.
        values: values per point, F.
    """

    activation = "grid"

    def __init__(self, hidden_sizes: Sequence[int], levels: int, lowest: int, highest: int, values: int) -> None:
        super().__init__(levels * values, hidden_sizes)
        self.values, self.resolutions = values, sizes.resolutions(levels, lowest, highest)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the tables t<level> [values, points], then of the linear layers."""
        tables = {f"t{level}": (self.values, size + 1) for level, size in enumerate(self.resolutions)}
        return tables | super().shapes()

    def features(self, coords: torch.Tensor) -> torch.Tensor:
        """Return the interval of each level and the place in it, 0 to 1: [batch or 1, 2 levels, time]."""
        sizes = torch.tensor(self.resolutions, dtype=coords.dtype, device=coords.device)[:, None]
        position = (coords.transpose(1, 2) + 1) / 2 * sizes
        interval = torch.minimum(position.floor().clamp(min=0), sizes - 1)
        return torch.cat([interval, position - interval], dim=1)

    def apply_features(self, folded: Mapping[str, torch.Tensor], features: torch.Tensor) -> torch.Tensor:
        """[batch or 1, 2 levels, time] -> [batch, time]."""
        intervals, places = features.chunk(2, dim=1)
        read = []
        for level in range(len(self.resolutions)):
            table = folded[f"t{level}"]
            size = (max(len(table), len(features)), self.values, features.shape[2])
            table, index = table.expand(size[0], -1, -1), intervals[:, level : level + 1].long().expand(size)
            left = table.gather(2, index)
            read.append(torch.lerp(left, table.gather(2, index + 1), places[:, level : level + 1]))
        x = torch.cat(read, dim=1)
        for layer in range(self.layers - 1):
            x = torch.relu(linear(folded, layer, x))
        return linear(folded, self.layers - 1, x).squeeze(1)

    def bound(self, name: str, fan_in: int, divisor: str) -> float:
        """START for tables, 1 / sqrt(fan_in) for weights and biases."""
        del divisor
        return START if name.startswith("t") else 1 / math.sqrt(fan_in)

    def draw(
        self, generator: torch.Generator, divisor: str = "omega_i", waveform: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """Draw initial parameters, see TargetNet.draw."""
        del waveform
        drawn = {}
        for name, shape in self.shapes().items():
            fan_in = 1 if name.startswith("t") else self.sizes[int(name[1:])]
            drawn[name] = (torch.rand(shape, generator=generator) * 2 - 1) * self.bound(name, fan_in, divisor)
        return drawn
