"""Target networks by kernels of our own, forward and backward one launch each; experimental (hsbench.fit.kernels)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import triton
from torch.nn import functional as F

from hsbench.models.targets import kernel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hsbench.models.targets.base import TargetNet

LEAST = 16
"""Rows and columns of a matrix product in Triton, at least."""
TIMES = {"forward": 64, "backward": 32}
"""Of a tile. On the way back the activations of all layers lie in registers."""
PROGRAMS = 132
"""That share the way back, one for each multiprocessor of an H100: each adds up gradients of its own."""


def apply(
    net: TargetNet, folded: Mapping[str, torch.Tensor], features: torch.Tensor, number: torch.dtype
) -> torch.Tensor:
    """What `net.apply_features` gives, [batch, time] float32.

    Args:
        net: whose layers are at most 128 wide.
        folded: {name: [batch or 1, *shape]}, float32.
        features: [batch or 1, inputs, time], float32; no gradient goes to them.
        number: what hidden matrix products multiply, bfloat16; float32 is for Triton's interpreter, since compiled it
            keeps 2 to 18 kB of each thread in memory.
    """
    batch = max(len(features), *(len(value) for value in folded.values()))
    wide = max(LEAST, triton.next_power_of_2(max(net.sizes[1:])))
    inputs = 1 if net.sizes[0] == 1 else max(LEAST, triton.next_power_of_2(net.sizes[0]))
    layers = [_layer(folded, layer, batch) for layer in range(net.layers)]
    (w0, b0), *hidden, (last, end) = layers
    w0 = _padded(w0, wide, inputs)
    w = torch.stack([_padded(weight, wide, wide) for weight, _ in hidden], 1) if hidden else w0[:, :0]
    b = torch.stack([_padded(bias, wide) for bias in (b0, *(bias for _, bias in hidden))], 1)
    features = _padded(features.transpose(1, 2), inputs).transpose(1, 2).contiguous()
    played: torch.Tensor = _Played.apply(
        features, w0, w, b, _padded(last[:, 0], wide), net.activation == "sine", number
    )
    return played + end


def _layer(folded: Mapping[str, torch.Tensor], layer: int, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight [batch, out, in] and bias [batch, out] of a layer, a factor multiplied in."""
    weight = folded[f"w{layer}"]
    bias = folded.get(f"b{layer}", weight.new_zeros(weight.shape[:2]))
    if (factor := folded.get(f"s{layer}")) is not None:
        weight, bias = weight * factor.unsqueeze(2), bias * factor
    return weight.expand(batch, -1, -1), bias.expand(batch, -1)


def _padded(values: torch.Tensor, *sizes: int) -> torch.Tensor:
    """With zeros after the last numbers of its last dimensions, to these sizes."""
    lacking = [(0, size - own) for size, own in zip(sizes, values.shape[-len(sizes) :], strict=True)]
    return F.pad(values, [one for pair in reversed(lacking) for one in pair])


class _Played(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, features: torch.Tensor, *given: Any) -> torch.Tensor:
        *weights, context.sine, number = given
        types = (torch.float32 if features.shape[1] == 1 else number, number, torch.float32, torch.float32)
        weights = [value.to(one).contiguous() for value, one in zip(weights, types, strict=True)]
        context.save_for_backward(features, *weights)
        batch, time = len(weights[0]), features.shape[2]
        out = features.new_empty(batch, time)
        grid = (batch, triton.cdiv(time, TIMES["forward"]))
        sizes = _sizes(features, *weights)
        kernel.forward[grid](
            features, _stride(features), *weights, out, time, *sizes, context.sine, TIMES["forward"], num_warps=8
        )
        return out

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        features, *weights = context.saved_tensors
        batch, time = len(weights[0]), features.shape[2]
        groups = max(1, min(PROGRAMS // batch, triton.cdiv(time, TIMES["backward"])))
        found = [torch.zeros(groups, *value.shape, device=value.device) for value in weights]
        given = (features, _stride(features), *weights, gradients[0].contiguous(), *found, time)
        sizes = _sizes(features, *weights)
        kernel.backward[batch, groups](*given, *sizes, context.sine, TIMES["backward"], num_warps=8)
        return (None, *(total.sum(0) for total in found), None, None)


def _sizes(features: torch.Tensor, w0: torch.Tensor, _w: torch.Tensor, b: torch.Tensor, _last: object) -> list[int]:
    """Inputs, width and hidden layers, as the kernels have them."""
    return [features.shape[1], w0.shape[1], b.shape[1]]


def _stride(features: torch.Tensor) -> int:
    """From the features of a clip to those of the next."""
    return 0 if len(features) == 1 else features.stride(0)
