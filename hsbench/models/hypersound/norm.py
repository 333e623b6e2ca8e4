"""Bias, LayerNorm and ELU of an encoder layer in one function, for GPUs, with its derivative by hand.

With x [batch, C, T] the result of a convolution without its bias b, a layer computes

    h = (x + b - m) s,    s = 1 / sqrt(v + 1e-5),    p = w h + a,    y = elu(p)

where m and v are mean and variance of x + b over all channels and times of a clip.

Moments in two stages. torch's LayerNorm gives a row to one block of threads, and here a row is a whole clip, up to
524 288 numbers: at batch 16 it occupies 16 of an H100's 132 multiprocessors and takes 55 % of a training step
(speed/NOTES.md). The moments of the channels are 16 to 256 independent sums per clip. All channels have equally many
numbers, so with the mean m_c and the variance v_c of channel c, which has the bias in its mean,

    m = mean_c m_c,    v = mean over c and t of (x + b - m)^2 = mean_c (v_c + (m_c - m)^2),

since the mean over t of 2 (x + b - m_c) (m_c - m) is zero.

Derivative. Let e = dL/dp = dL/dy elu'(p), with elu'(p) = 1 for p > 0 and exp(p) elsewhere, and g = dL/dh = w e. Then

    dL/da = sum of e,    dL/dw = sum of e h,    over all that an entry of a and w belongs to,
    dL/dx = s (g - mean g - h mean(g h)),       with means over all channels and times of a clip,

the second line because m and v depend on every x: through m each x takes 1 / (C T) of the sum of -s g, and through v it
takes h / (C T) of the sum of -s g h. With G_c and H_c the sums of g and of g h over the times of a channel, the means
are sums of C numbers, and the gradient of the bias needs no pass of its own:

    dL/db_c = sum over clips and t of dL/dx = sum over clips of s (G_c - T mean g - T h_c mean(g h)),

h_c = (m_c - m) s being the mean of h over the times of the channel.

What is kept for the derivative is x alone, which bf16 holds in two bytes; h, p and e are computed from it wherever
they are needed. Autograd would keep h, p or y in four bytes, and take a pass for the gradient of the bias.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from hsbench.fit.precision import full

EPSILON = 1e-5
"""Added to the variance, as torch's LayerNorm does."""


def preferred(x: torch.Tensor) -> bool:
    """Return whether a layer is computed by this function: on a GPU."""
    return x.is_cuda


def normalised_elu(
    x: torch.Tensor, conv_bias: torch.Tensor, weight: torch.Tensor, offset: torch.Tensor
) -> torch.Tensor:
    """Return ELU(LayerNorm(x + b)), the norm with an affine map: [batch, C, T] -> the same shape, in float32 for bf16.

    Args:
        x: [batch, C, T].
        conv_bias: b, [C].
        weight: w, [C, T] or [C, 1].
        offset: a, of the same shape.
    """
    y: torch.Tensor = _NormalisedElu.apply(x, conv_bias, weight, offset)
    return y


class _NormalisedElu(torch.autograd.Function):
    """The function and its derivative, in the notation of the module's text."""

    @staticmethod
    def forward(
        context: Any, x: torch.Tensor, conv_bias: torch.Tensor, weight: torch.Tensor, offset: torch.Tensor
    ) -> torch.Tensor:
        variances, means = torch.var_mean(full(x), dim=2, correction=0, keepdim=True)
        means = means + conv_bias[:, None]
        mean = means.mean(dim=1, keepdim=True)
        variance = (variances + (means - mean).square()).mean(dim=1, keepdim=True)
        scale = torch.rsqrt(variance + EPSILON)
        centre = mean - conv_bias[:, None]  # h = (x - centre) s
        context.save_for_backward(x, weight, offset, scale, centre, (means - mean) * scale)
        return F.elu(weight * ((full(x) - centre) * scale) + offset)

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, ...]:
        x, weight, offset, scale, centre, h_mean = context.saved_tensors
        channels, time = x.shape[1:]
        h = (full(x) - centre) * scale
        p = weight * h + offset
        e = gradients[0] * torch.where(p > 0, 1.0, p.exp())
        g = weight * e
        g_sum, gh_sum = g.sum(dim=2, keepdim=True), (g * h).sum(dim=2, keepdim=True)
        g_mean, gh_mean = torch.stack((g_sum, gh_sum)).sum(dim=2, keepdim=True) / (channels * time)
        to_x = scale * (g - g_mean - h * gh_mean)
        to_bias = (scale * (g_sum - time * g_mean - time * h_mean * gh_mean)).sum(dim=(0, 2))
        to_weight, to_offset = ((e * factor).sum(dim=0).sum_to_size(weight.shape) for factor in (h, 1.0))
        return to_x.to(x.dtype), to_bias, to_weight, to_offset
