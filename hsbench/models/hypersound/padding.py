"""Zeros before a signal, as causal convolutions need them, without the copies that torch's own padding makes on a CPU.

torch fills the whole result with zeros before it copies the signal into it, and copies the gradient of the signal out
of the gradient of the result. Here only the padding is filled, and the gradient is a view.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F


def padded(x: torch.Tensor, past: int) -> torch.Tensor:
    """Return x with zeros before it: [batch, channels, time] -> [batch, channels, past + time]."""
    if x.device.type != "cpu" or torch.compiler.is_compiling():
        return F.pad(x, (past, 0))
    y: torch.Tensor = _Padded.apply(x, past)
    return y


class _Padded(torch.autograd.Function):
    """Padding on a CPU."""

    @staticmethod
    def forward(context: Any, x: torch.Tensor, past: int) -> torch.Tensor:
        context.past = past
        y = x.new_empty(*x.shape[:2], past + x.shape[2])
        y[:, :, :past] = 0
        y[:, :, past:] = x
        return y

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        return gradients[0][:, :, context.past :], None
