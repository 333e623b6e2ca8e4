"""Bias, LayerNorm and ELU of an encoder layer in one function, for GPUs, with its derivative by hand.

With x [batch, T, C] the result of a convolution without its bias b, a layer computes

    h = (x + b - m) s,    s = 1 / sqrt(v + 1e-5),    p = w h + a,    y = elu(p)

where m and v are mean and variance of x + b over all times and channels of a clip.

Moments in two stages. torch's LayerNorm gives a row to one block of threads, and here a row is a whole clip, up to
524 288 numbers: at batch 16 it occupies 16 of an H100's 132 multiprocessors and takes 55 % of a training step
(speed/NOTES.md). So time is cut into K stretches of t = T / K times, and the moments of each channel in each stretch
are K C independent sums per clip. All have equally many numbers, so with the mean m_kc and the variance v_kc of channel
c in stretch k, which has the bias in its mean,

    m = mean_kc m_kc,    v = mean over all of (x + b - m)^2 = mean_kc (v_kc + (m_kc - m)^2),

since the mean over a stretch of 2 (x + b - m_kc) (m_kc - m) is zero.

Derivative. Let e = dL/dp = dL/dy elu'(p), with elu'(p) = 1 for p > 0 and exp(p) elsewhere, and g = dL/dh = w e. Then

    dL/da = sum of e,    dL/dw = sum of e h,    over all that an entry of a and w belongs to,
    dL/dx = s (g - mean g - h mean(g h)),       with means over all times and channels of a clip,

the second line because m and v depend on every x: through m each x takes 1 / (T C) of the sum of -s g, and through v it
takes h / (T C) of the sum of -s g h. With G_kc and H_kc the sums of g and of g h over the times of a stretch, the means
are sums of K C numbers, and the gradient of the bias needs no pass of its own:

    dL/db_c = sum over clips, k and times of dL/dx = sum over clips and k of s (G_kc - t mean g - t h_kc mean(g h)),

h_kc = (m_kc - m) s being the mean of h over the times of the stretch.

What is kept for the derivative is x alone, which bf16 holds in two bytes; h, p and e are computed from it wherever
they are needed. Autograd would keep h, p or y in four bytes, and take a pass for the gradient of the bias.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from hsbench.fit.precision import full
from hsbench.models.targets.form import divisor

EPSILON = 1e-5
"""Added to the variance, as torch's LayerNorm does."""
LENGTH = 128
"""Times of a stretch; more where the times of a clip have no divisor that allows it."""


def normalised_elu(
    x: torch.Tensor, conv_bias: torch.Tensor, weight: torch.Tensor, offset: torch.Tensor
) -> torch.Tensor:
    """Return ELU(LayerNorm(x + b)), the norm with an affine map: [batch, T, C] -> the same shape, in float32 for bf16.

    Args:
        x: [batch, T, C].
        conv_bias: b, [C].
        weight: w, [T, C] or [1, C].
        offset: a, of the same shape.
    """
    y: torch.Tensor = _NormalisedElu.apply(x, conv_bias, weight, offset)
    return y


def _by_stretch(x: torch.Tensor) -> torch.Tensor:
    """Cut time into stretches: [batch, T, C] -> [batch, K, t, C]."""
    batch, time, channels = x.shape
    return x.reshape(batch, divisor(time, max(1, time // LENGTH)), -1, channels)


class _NormalisedElu(torch.autograd.Function):
    """The function and its derivative, in the notation of the module's text."""

    @staticmethod
    def forward(
        context: Any, x: torch.Tensor, conv_bias: torch.Tensor, weight: torch.Tensor, offset: torch.Tensor
    ) -> torch.Tensor:
        variances, means = torch.var_mean(_by_stretch(full(x)), dim=2, correction=0)  # [batch, K, C]
        means = means + conv_bias
        mean = means.mean(dim=(1, 2), keepdim=True)
        variance = (variances + (means - mean).square()).mean(dim=(1, 2), keepdim=True)
        scale = torch.rsqrt(variance + EPSILON)
        centre = mean - conv_bias  # h = (x - centre) s
        context.save_for_backward(x, weight, offset, scale, centre, (means - mean) * scale)
        return F.elu(weight * ((full(x) - centre) * scale) + offset)

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, ...]:
        x, weight, offset, scale, centre, h_means = context.saved_tensors
        h = (full(x) - centre) * scale
        p = weight * h + offset
        e = gradients[0] * torch.where(p > 0, 1.0, p.exp())
        g = weight * e
        g_sums, gh_sums = _by_stretch(g).sum(dim=2), _by_stretch(g * h).sum(dim=2)
        g_mean, gh_mean = (torch.stack((g_sums, gh_sums)).sum(dim=(2, 3)) / x[0].numel())[:, :, None, None]
        to_x = scale * (g - g_mean - h * gh_mean)
        length = x.shape[1] // h_means.shape[1]
        to_bias = (scale * (g_sums - length * g_mean - length * h_means * gh_mean)).sum(dim=(0, 1))
        to_weight, to_offset = ((e * factor).sum(dim=0).sum_to_size(weight.shape) for factor in (h, 1.0))
        return to_x.to(x.dtype), to_bias, to_weight, to_offset
