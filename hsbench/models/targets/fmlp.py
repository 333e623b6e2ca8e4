"""FMLP: a multi-layer perceptron with ReLU over Fourier features of time.

    features(t) = sin(2^i pi t) for i = 0 .. L - 1, then cos(2^i pi t)          (no raw t)
    x_{l+1} = relu(x_l W_l^T + b_l),  the last layer without relu

All features have period 2, so x(-1) = x(1); the highest has 2^(L - 1) periods per clip. Source: section 3.1 of
arXiv 2302.04959; order and content of the features as in its reference code.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from hsbench.models.targets.base import TargetNet, linear

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class FMLP(TargetNet):
    """Fourier-mapped perceptron of `encoding_length` octaves."""

    activation = "relu"

    def __init__(self, hidden_sizes: Sequence[int], encoding_length: int = 10) -> None:
        super().__init__(2 * encoding_length, hidden_sizes)
        self.encoding_length = encoding_length

    def features(self, coords: torch.Tensor) -> torch.Tensor:
        """[batch or 1, time, 1] -> [batch or 1, 2 encoding_length, time], in the precision of the coordinates."""
        octaves = 2.0 ** torch.arange(self.encoding_length, dtype=coords.dtype, device=coords.device) * math.pi
        phases = coords.transpose(1, 2) * octaves[:, None]
        return torch.cat([phases.sin(), phases.cos()], dim=1)

    def apply_features(self, folded: Mapping[str, torch.Tensor], features: torch.Tensor) -> torch.Tensor:
        """[batch or 1, inputs, time] -> [batch, time]."""
        x = features
        for layer in range(self.layers - 1):
            x = torch.relu(linear(folded, layer, x))
        return linear(folded, self.layers - 1, x).squeeze(1)

    def bound(self, name: str, fan_in: int, divisor: str) -> float:
        """1 / sqrt(fan_in) for weights and biases alike."""
        del name, divisor
        return 1 / math.sqrt(fan_in)
