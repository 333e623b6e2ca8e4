"""The encoder's convolutions for activations [batch, time, channels] (channels-last), as a GPU computes them.

Why this layout: the kernels of cuDNN that multiply bf16 and TF32 numbers on tensor cores add over channels, so they
want the channels of a time beside each other in memory. Activations [batch, channels, time] are transposed before and
after every convolution, forwards and backwards: 156 launches and 1.45 ms of the 13.3 of a training step in bf16
(speed/NOTES.md). A convolution over time is one over an image of a single row, which torch hands to cuDNN as it lies.

Convolutions of kernel size 1 are matrix products over channels. The gradient of their weights is a sum over all clips
and times whose result has some 16 x 16 numbers, a single tile for a GPU; so time is cut into stretches, each a batch
entry of its own (see hsbench.models.targets.form). The first convolution has one input channel, too few for tensor
cores; it is a product over its windows [batch, time, kernel], padded with zeros to a multiple of 8 numbers, so that
each begins at a multiple of 16 bytes in bf16.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from hsbench.models.targets.form import divisor

STRETCHES = 8
"""Largest number of stretches into which a product cuts the time of each clip."""


def preferred(x: torch.Tensor) -> bool:
    """Return whether an encoder keeps its activations as [batch, time, channels]: on a GPU."""
    return x.is_cuda


def convolution(x: torch.Tensor, weight: torch.Tensor, stride: int = 1, dilation: int = 1) -> torch.Tensor:
    """Return a causal convolution without a bias: [batch, time, inputs] -> [batch, ceil(time / stride), outputs].

    Args:
        x: [batch, time, inputs].
        weight: [outputs, inputs, kernel].
        stride: distance of the outputs, in inputs.
        dilation: distance of the inputs that one output reads.
    """
    kernel, weight = weight.shape[2], _ContiguousGradient.apply(weight)
    x = F.pad(x, (0, 0, dilation * (kernel - 1), 0))
    if kernel == 1 and stride == 1:
        return _product(x, weight[:, :, 0])
    if x.shape[2] == 1 and stride == dilation == 1:
        further = (0, -kernel % 8)
        return _product(F.pad(x[:, :, 0].unfold(1, kernel, 1), further), F.pad(weight[:, 0], further))
    rows = x.transpose(1, 2).unsqueeze(2)  # [batch, inputs, 1, time], whose memory is [batch, 1, time, inputs]
    taps = weight.transpose(1, 2).contiguous().transpose(1, 2).unsqueeze(2)  # [outputs, inputs, 1, kernel], as rows
    return F.conv2d(rows, taps, None, (1, stride), 0, (1, dilation)).squeeze(2).transpose(1, 2)


def _product(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return W x at every time: [batch, time, inputs] and [outputs, inputs] -> [batch, time, outputs]."""
    batch, time, inputs = x.shape
    parts = batch * divisor(time, STRETCHES)
    return torch.bmm(x.reshape(parts, -1, inputs), weight.t().expand(parts, -1, -1)).view(batch, time, -1)


def lay_out(parameter: nn.Parameter) -> None:
    """Let a parameter [channels, time] lie in memory as the activations do, the channels of a time beside each other.

    Shape and values stay. Without this, kernels that multiply activations by the parameter would read it with a stride.
    """
    parameter.data = parameter.data.t().contiguous().t()


class _ContiguousGradient(torch.autograd.Function):
    """The identity, whose gradient lies in memory as a contiguous parameter does; torch's fused AdamW needs that."""

    @staticmethod
    def forward(context: Any, weight: torch.Tensor) -> torch.Tensor:
        del context
        return weight.view_as(weight)

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> torch.Tensor:
        del context
        return gradients[0].contiguous()
