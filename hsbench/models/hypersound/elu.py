"""ELU, x for x > 0 and exp(x) - 1 for x <= 0, computed on a CPU without torch's slow scalar expm1.

It is computed without a branch as

    elu(x) = max(x, exp(min(x, 0)) - 1).

For x > 0 the second argument is exp(0) - 1 = 0 < x, so the maximum is x. For x <= 0 it is exp(x) - 1 >= x, since
exp(x) >= 1 + x for every x, so the maximum is exp(x) - 1. NaN stays NaN.

torch's CPU kernel calls a scalar expm1, which takes ten times as long as its vectorised exp. The results differ for
x < 0 by at most a rounding of the number 1, 6e-8. The backward pass needs only the result y, since the slope is 1 where
y > 0 and exp(x) = y + 1 elsewhere; so the result may take the place of the input, which costs no new memory. The work
is divided into chunks whose four passes read from the cache and not from memory. On other devices, and in code that
torch compiles, torch's own ELU is used.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

CHUNK = 1 << 17
"""Numbers in a chunk per thread: input, result and scratch space of a chunk fit into the cache of one core."""


def elu_(x: torch.Tensor) -> torch.Tensor:
    """Return ELU(x) with alpha = 1, for a tensor of any shape; x may be overwritten with the result.

    Nobody may need x afterwards. That holds for the result of a convolution, a matrix product or a LayerNorm, none of
    which has its result in its gradient.
    """
    if x.device.type != "cpu" or x.dtype != torch.float32 or torch.compiler.is_compiling() or not x.is_contiguous():
        return F.elu(x)
    y: torch.Tensor = _Elu.apply(x)
    return y


class _Elu(torch.autograd.Function):
    """ELU in chunks on a CPU, with torch's backward pass."""

    @staticmethod
    def forward(context: Any, x: torch.Tensor) -> torch.Tensor:
        size = CHUNK * torch.get_num_threads()
        scratch = x.new_empty(min(size, x.numel()))
        for part in torch.split(x.view(-1), size):
            negative_part = torch.clamp(part, max=0, out=scratch[: part.numel()])
            torch.maximum(part, negative_part.exp_().sub_(1), out=part)
        context.mark_dirty(x)
        context.save_for_backward(x)
        return x

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> torch.Tensor:
        (y,) = context.saved_tensors
        # The arguments after the gradient are alpha, scale, input scale, and that y is the result and not the input.
        to_x: torch.Tensor = torch.ops.aten.elu_backward(gradients[0], 1, 1, 1, True, y)
        return to_x
