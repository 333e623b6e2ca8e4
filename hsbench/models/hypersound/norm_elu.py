"""LayerNorm with a weight per element, and ELU, by kernels of our own; experimental (hsbench.fit.kernels).

The library gives each row of a LayerNorm to one block, and a clip is a row: 16 clips leave an H100 of 132
multiprocessors idle. Here rows are read in chunks, whose means and squares are put together in a fixed order (Chan et
al. 1979), and nothing but the input is kept for the way back.
"""

from __future__ import annotations

from typing import Any

import torch
import triton

from hsbench.models.hypersound import kernel

EPSILON = 1e-5
CHUNK = 4096
"""Numbers that a program works on."""
COLUMN = 1024
"""The same where a program goes through all rows, for the gradients of weight and bias."""


def norm_elu(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """elu(layer_norm(x) * weight + bias).

    Args:
        x: [batch, *shape], float32 or bfloat16.
        weight: [*shape], float32.
        bias: [*shape], float32.

    Returns:
        [batch, *shape], float32.
    """
    y: torch.Tensor = _NormElu.apply(x, weight, bias)
    return y


class _NormElu(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        x, rows, size = x.contiguous(), len(x), weight.numel()
        y = torch.empty_like(x, dtype=torch.float32)
        parts = triton.cdiv(size, CHUNK)
        found, moments = weight.new_empty(rows, parts, 2), weight.new_empty(rows, 2)
        grid = (rows, parts)
        kernel.chunks[grid](x, found, size, parts, CHUNK, num_warps=8)
        padded = triton.next_power_of_2(parts)
        kernel.forward[grid](x, weight, bias, found, y, moments, size, parts, padded, EPSILON, CHUNK, num_warps=8)
        context.save_for_backward(x, weight, bias, moments)
        return y

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        x, weight, bias, moments = context.saved_tensors
        slope, rows, size = gradients[0].contiguous(), len(x), weight.numel()
        columns = triton.cdiv(size, COLUMN)
        to_x, to_weight, to_bias = torch.empty_like(x), torch.empty_like(weight), torch.empty_like(bias)
        found = weight.new_empty(rows, columns, 2)
        given = (x, weight, bias, moments, slope, found)
        kernel.columns[columns,](*given, to_weight, to_bias, rows, size, columns, COLUMN)
        grid = (rows, triton.cdiv(size, CHUNK))
        kernel.backward[grid](*given, to_x, size, columns, triton.next_power_of_2(columns), CHUNK, num_warps=8)
        return to_x, to_weight, to_bias
