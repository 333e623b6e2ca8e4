"""LayerNorm with a weight per element, followed by ELU, by hsbench's own Triton kernels; experimental.

torch's LayerNorm gives each row to one block of threads, and a clip is one row: 16 clips leave most of the 132
multiprocessors of an H100 idle. These kernels split a row between many blocks, whose means and sums of squares are
combined in a fixed order (hsbench.models.hypersound.kernel derives how). The backward pass computes the normalised
values again, so only the input and two moments per row are kept for it. See hsbench.fit.kernels for when they are used.
"""

from __future__ import annotations

from typing import Any

import torch
import triton

from hsbench.models.hypersound import kernel

EPSILON = 1e-5
"""Added to the variance, as in torch's LayerNorm."""
CHUNK = 4096
"""Numbers of a row that one program reads."""
COLUMN = 1024
"""Columns of all rows that one program reads to compute the gradients of weight and bias."""


def norm_elu(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Return elu(layer_norm(x) * weight + bias), with moments over all dimensions but the first.

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
        partials, moments = weight.new_empty(rows, parts, 2), weight.new_empty(rows, 2)
        grid = (rows, parts)
        kernel.chunk_moments[grid](x, partials, size, parts, CHUNK, num_warps=8)
        padded = triton.next_power_of_2(parts)
        kernel.normalise_elu[grid](
            x, weight, bias, partials, y, moments, size, parts, padded, EPSILON, CHUNK, num_warps=8
        )
        context.save_for_backward(x, weight, bias, moments)
        return y

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        x, weight, bias, moments = context.saved_tensors
        grad_y, rows, size = gradients[0].contiguous(), len(x), weight.numel()
        columns = triton.cdiv(size, COLUMN)
        to_x, to_weight, to_bias = torch.empty_like(x), torch.empty_like(weight), torch.empty_like(bias)
        partials = weight.new_empty(rows, columns, 2)
        inputs = (x, weight, bias, moments, grad_y, partials)
        kernel.affine_gradients[columns,](*inputs, to_weight, to_bias, rows, size, columns, COLUMN)
        grid = (rows, triton.cdiv(size, CHUNK))
        kernel.input_gradient[grid](*inputs, to_x, size, columns, triton.next_power_of_2(columns), CHUNK, num_warps=8)
        return to_x, to_weight, to_bias
