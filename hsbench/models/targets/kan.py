"""KAN: a network whose edges are learned functions, cubic B-splines beside a SiLU, over octaves of time.

    y_o = sum_i [ w_oi silu(x_i) + s_oi sum_k c_oik B_k(x_i) ]        every layer, no bias

B_0 .. B_{G+2} are the cubic B-splines of G equal intervals of [-1, 1], continued by three knots on each side; outside
of the continued grid all of them are zero. An edge has G + 3 coefficients c, one w and one s: G + 5 numbers.

Only four splines are not zero at a point. With the position p = (x + 1) / h + 3 on the continued grid (h = 2 / G), the
interval j = floor(p) and u = p - j, these are B_{j-3} .. B_j with the values

    (1 - u)^3 / 6,    (3 u^3 - 6 u^2 + 4) / 6,    (-3 u^3 + 3 u^2 + 3 u + 1) / 6,    u^3 / 6.

Each input computes these four and no other, and writes them into its column of a matrix of one tile; a single matrix
product with s c then adds up all edges. The recursion of de Boor would compute four orders of all G + 6 splines.

References: Liu et al. 2024, arXiv 2404.19756; layer, grid and initialisation as in fewsound (models/kan.py), the target
network of the successor of HyperSound.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

from hsbench.errors import UsageError
from hsbench.models.targets import initial
from hsbench.models.targets.base import TargetNet
from hsbench.models.targets.encodings import octaves

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ORDER = 3
"""Order of the splines: cubic."""
NOISE = 0.05
"""Half the width of the noise that the initial splines fit, times G."""


class KAN(TargetNet):
    """Kolmogorov-Arnold network over `encoding_length` octaves, with `intervals` (G) intervals of each spline."""

    activation = "spline"

    def __init__(self, hidden_sizes: Sequence[int], encoding_length: int, intervals: int) -> None:
        if not isinstance(intervals, int) or intervals < 1:
            raise UsageError(f"intervals expects a whole number from 1, got {intervals!r}.")
        super().__init__(2 * encoding_length, hidden_sizes)
        self.encoding_length, self.intervals = encoding_length, intervals

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of each layer's w [out, in], s [out, in] and c [out, in, G + 3]."""
        shapes: dict[str, tuple[int, ...]] = {}
        for layer in range(self.layers):
            fan_in, fan_out = self.sizes[layer : layer + 2]
            shapes |= {f"w{layer}": (fan_out, fan_in), f"s{layer}": (fan_out, fan_in)}
            shapes[f"c{layer}"] = (fan_out, fan_in, self.intervals + ORDER)
        return shapes

    def features(self, coords: torch.Tensor) -> torch.Tensor:
        """[batch or 1, time, 1] -> [batch or 1, 2 encoding_length, time]."""
        return octaves(coords, {"encoding_length": self.encoding_length})

    def fold(self, params: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return w [out, in], and s c with the splines before the inputs: [out, (G + 3) in]."""
        folded = {}
        for layer in range(self.layers):
            folded[f"w{layer}"] = params[f"w{layer}"]
            products = params[f"s{layer}"].unsqueeze(3) * params[f"c{layer}"]
            folded[f"c{layer}"] = products.transpose(2, 3).flatten(2)
        return folded

    def apply_features(self, folded: Mapping[str, torch.Tensor], features: torch.Tensor) -> torch.Tensor:
        """[batch or 1, inputs, time] -> [batch, time]."""
        x = features
        for layer in range(self.layers):
            weight, products = folded[f"w{layer}"], folded[f"c{layer}"]
            batch = max(len(weight), len(x))
            base = torch.bmm(weight.expand(batch, -1, -1), F.silu(x).expand(batch, -1, -1))
            splines = basis(x, self.intervals).flatten(1, 2).expand(batch, -1, -1)
            x = torch.baddbmm(base, products.expand(batch, -1, -1), splines)
        return x.squeeze(1)

    def bound(self, name: str, fan_in: int, divisor: str) -> float:
        """1 / sqrt(fan_in) for w and s; for c, half the width of the noise that the splines fit."""
        del divisor
        return NOISE / self.intervals if name.startswith("c") else 1 / math.sqrt(fan_in)

    def draw(
        self, generator: torch.Generator, divisor: str = "omega_i", waveform: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """Draw initial parameters: c is the least-squares fit of noise at the G + 1 knots of [-1, 1]."""
        del waveform
        knots = torch.linspace(-1, 1, self.intervals + 1, dtype=torch.float64)
        fit = torch.linalg.pinv(basis(knots.view(1, 1, -1), self.intervals)[0, :, 0].T)
        drawn = {}
        for name, shape in self.shapes().items():
            spread = initial.Spread(self.bound(name, self.sizes[int(name[1:])], divisor))
            if name.startswith("c"):
                noise = initial.draw((*shape[:2], self.intervals + 1), spread, generator)
                drawn[name] = (noise.double() @ fit.T).float()
            else:
                drawn[name] = initial.draw(shape, spread, generator)
        return drawn


def basis(x: torch.Tensor, intervals: int) -> torch.Tensor:
    """Evaluate the B-splines: [batch, inputs, time] -> [batch, intervals + 3, inputs, time].

    Args:
        x: where, any numbers.
        intervals: number of intervals of [-1, 1].
    """
    total = intervals + 2 * ORDER
    # Outside of the continued grid the position is its border, where the splines that are kept have the value zero.
    position = ((x + 1) * (intervals / 2) + ORDER).clamp(0, total)
    interval = position.detach().floor().clamp(max=total - 1)
    u = position - interval
    square, rest = u * u, 1 - u
    cube = square * u
    values = torch.stack([rest**3, 3 * cube - 6 * square + 4, 3 * (square - cube + u) + 1, cube], dim=1) / 6
    # Row m of the padded matrix is B_{m-3}; rows of splines beyond the first and the last are cut off.
    rows = interval.long().unsqueeze(1) + torch.arange(ORDER + 1, device=x.device).view(1, -1, 1, 1)
    padded = values.new_zeros(len(x), total + ORDER, *x.shape[1:]).scatter(1, rows, values)
    return padded[:, ORDER : ORDER + intervals + ORDER]
