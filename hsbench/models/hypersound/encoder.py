"""The encoder: causal convolutions in the manner of SoundStream, each followed by LayerNorm and ELU.

    conv k7 -> C channels; four blocks with strides 2, 4, 5, 8, each: three residual units
    x + [conv k7 (dilation 1, 3, 9), norm, ELU, conv k1, norm, ELU], then conv k = 2 stride to twice the channels,
    norm, ELU; last conv k3 to 32 channels.

A convolution is padded on the left alone, by dilation (k - 1). LayerNorm spans channels and time with an affine
weight per element (`norm` = "element", the reference code); so an encoder belongs to one clip length. "channel" has
one weight per channel and runs on any length, "none" leaves normalisation out. Source: section 3.3 of arXiv 2302.04959
and its reference code, against which it is checked to 1e-4.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from hsbench.errors import UnknownNameError
from hsbench.fit import kernels
from hsbench.fit.precision import full
from hsbench.models.hypersound.elu import elu

STRIDES = (2, 4, 5, 8)
DILATIONS = (1, 3, 9)
LATENT = 32
"""Channels of the latent."""
NORMS = ("element", "channel", "none")


class Encoder(nn.Module):
    """[batch, samples] -> [batch, LATENT x frames], channel-major.

    Attributes:
        samples: of the clips that it reads.
        frames: samples over the product of the strides, rounded up at each.
    """

    def __init__(self, samples: int, channels: int = 16, norm: str = "element") -> None:
        super().__init__()
        if norm not in NORMS:
            raise UnknownNameError("norm of the encoder", norm, NORMS)
        self.samples, time = samples, samples
        layers: list[nn.Module] = [_Layer(1, channels, 7, time, norm)]
        for stride in STRIDES:
            layers += [_Residual(channels, dilation, time, norm) for dilation in DILATIONS]
            time = math.ceil(time / stride)
            layers.append(_Layer(channels, 2 * channels, 2 * stride, time, norm, stride=stride))
            channels *= 2
        self.frames = time
        self.layers = nn.Sequential(*layers, _Causal(channels, LATENT, 3))

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        """[batch, samples] -> [batch, LATENT x frames]."""
        latent: torch.Tensor = self.layers(waveform[:, None])
        return full(latent.flatten(1))


class _Causal(nn.Conv1d):
    """A convolution that sees the past alone."""

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int = 1, stride: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, dilation=dilation)
        self.past = dilation * (kernel - 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, inputs, time] -> [batch, outputs, ceil(time / stride)]."""
        if self.past:
            return super().forward(F.pad(x, (self.past, 0)))
        assert self.bias is not None
        return torch.baddbmm(self.bias[:, None], self.weight[:, :, 0].expand(len(x), -1, -1), x)


class _Norm(nn.Module):
    """Zero mean and unit variance over channels and time, then an affine map; statistics in float32."""

    def __init__(self, channels: int, time: int, norm: str) -> None:
        super().__init__()
        shape = (channels, time if norm == "element" else 1)
        self.weight, self.bias = nn.Parameter(torch.ones(shape)), nn.Parameter(torch.zeros(shape))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, channels, time] -> the same shape."""
        x, shape = full(x), list(x.shape[1:])
        if self.by_element(x):
            return F.layer_norm(x, shape, self.weight, self.bias)
        return F.layer_norm(x, shape) * self.weight + self.bias

    def by_element(self, x: torch.Tensor) -> bool:
        """Whether each number of a clip has a weight of its own."""
        return self.weight.shape == x.shape[1:]


class _Layer(nn.Module):
    """Convolution, norm, ELU."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, time: int, norm: str, dilation: int = 1, stride: int = 1
    ) -> None:
        super().__init__()
        self.conv = _Causal(inputs, outputs, kernel, dilation, stride)
        self.norm = nn.Identity() if norm == "none" else _Norm(outputs, time, norm)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, inputs, time] -> [batch, outputs, ceil(time / stride)]."""
        x = self.conv(x)
        if isinstance(self.norm, _Norm) and self.norm.by_element(x) and kernels.usable((x, self.norm.weight)):
            from hsbench.models.hypersound.norm_elu import norm_elu

            return norm_elu(x, self.norm.weight, self.norm.bias)
        return elu(self.norm(x))


class _Residual(nn.Module):
    """x + two layers."""

    def __init__(self, channels: int, dilation: int, time: int, norm: str) -> None:
        super().__init__()
        self.wide = _Layer(channels, channels, 7, time, norm, dilation)
        self.narrow = _Layer(channels, channels, 1, time, norm)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, channels, time] -> the same shape."""
        out: torch.Tensor = x + self.narrow(self.wide(x))
        return out
