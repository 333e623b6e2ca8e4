"""HyperSound's encoder: causal convolutions as in SoundStream, each followed by LayerNorm and ELU.

    convolution (kernel 7) to C channels
    norm, ELU
    four blocks with strides 2, 4, 5, 8, each of
        three residual units x + f(x) with dilations 1, 3, 9, where f is
            convolution (kernel 7, dilated), norm, ELU, convolution (kernel 1), norm, ELU
        convolution (kernel 2 x stride) with this stride to twice the channels, norm, ELU
    convolution (kernel 3) to 32 channels

Padding: a convolution of kernel k and dilation d is padded on the left only, by d (k - 1), so that an output depends on
no later input. T inputs padded this way give floor((T + d (k - 1) - d (k - 1) - 1) / stride) + 1 =
floor((T - 1) / stride) + 1 = ceil(T / stride) outputs. A clip of 32 768 samples thus has 16 384, 4096, 820 and 103
frames after the four blocks.

Normalisation: LayerNorm takes mean and variance over channels and time. With `norm` = "element" (the reference code) it
has an affine weight and bias for every element of [channels, time], so an encoder fits one clip length only. "channel"
has one weight and bias per channel and fits any length. "none" leaves the normalisation out.

Activations are [batch, channels, time] on a CPU and [batch, time, channels] on a GPU, where every layer has a method
`channels_last` that computes the same function (hsbench.models.hypersound.channels_last says why). Parameters have the
same names and shapes on both.

Source: section 3.3 of arXiv 2302.04959 and its reference code, with which this encoder agrees to 1e-4.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from hsbench.errors import UnknownNameError
from hsbench.fit.precision import full
from hsbench.models.hypersound.channels_last import convolution, lay_out, preferred
from hsbench.models.hypersound.elu import elu_
from hsbench.models.hypersound.norm import normalised_elu
from hsbench.models.hypersound.padding import padded

STRIDES = (2, 4, 5, 8)
DILATIONS = (1, 3, 9)
LATENT = 32
"""Channels of the latent, the encoder's output."""
NORMS = ("element", "channel", "none")


class Encoder(nn.Module):
    """Convolutional encoder: [batch, samples] -> [batch, LATENT x frames], channel by channel.

    Args:
        samples: length of the clips, in samples.
        channels: channels C after the first convolution; 16 in the paper.
        norm: normalisation, one of NORMS.

    Attributes:
        samples: length of the clips, in samples.
        frames: length of the latent: samples divided by each stride in turn, rounded up every time.

    Raises:
        UnknownNameError: `norm` is not one of NORMS.
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
        """Return the latents of a batch of clips: [batch, samples] -> [batch, LATENT x frames] float32."""
        if preferred(waveform):
            x = waveform[:, :, None]
            for layer in self.layers:
                assert isinstance(layer, (_Causal, _Layer, _Residual))
                x = layer.channels_last(x)
            return full(x.transpose(1, 2).flatten(1))
        latent: torch.Tensor = self.layers(waveform[:, None])
        return full(latent.flatten(1))

    def lay_out(self) -> None:
        """Let parameters lie in memory as the activations of their device do, for a training."""
        for module in self.modules():
            if isinstance(module, _Norm) and preferred(module.weight):
                lay_out(module.weight)
                lay_out(module.bias)


class _Causal(nn.Conv1d):
    """A convolution over time whose output depends on the present and past inputs only."""

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int = 1, stride: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, dilation=dilation)
        self.past = dilation * (kernel - 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return [batch, outputs, ceil(time / stride)] of [batch, inputs, time]."""
        if self.past:
            return super().forward(padded(x, self.past))
        # A convolution with a kernel of 1 is a matrix product over channels, W x + b at every time.
        assert self.bias is not None
        return torch.baddbmm(self.bias[:, None], self.weight[:, :, 0].expand(len(x), -1, -1), x)

    def channels_last(self, x: torch.Tensor) -> torch.Tensor:
        """Return [batch, ceil(time / stride), outputs] of [batch, time, inputs]."""
        assert self.bias is not None
        return self.products(x) + self.bias

    def products(self, x: torch.Tensor) -> torch.Tensor:
        """Return the same without the bias."""
        return convolution(x, self.weight, self.stride[0], self.dilation[0])


class _Norm(nn.Module):
    """LayerNorm: zero mean and unit variance over channels and time, then an affine map; computed in float32."""

    def __init__(self, channels: int, time: int, norm: str) -> None:
        super().__init__()
        shape = (channels, time if norm == "element" else 1)
        self.weight, self.bias = nn.Parameter(torch.ones(shape)), nn.Parameter(torch.zeros(shape))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise: [batch, channels, time] -> the same shape, float32."""
        x, shape = full(x), list(x.shape[1:])
        if self.weight.shape == x.shape[1:]:  # every element of a clip's activations has a weight of its own
            return F.layer_norm(x, shape, self.weight, self.bias)
        return F.layer_norm(x, shape) * self.weight + self.bias


class _Layer(nn.Module):
    """Convolution, normalisation, ELU."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, time: int, norm: str, dilation: int = 1, stride: int = 1
    ) -> None:
        super().__init__()
        self.conv = _Causal(inputs, outputs, kernel, dilation, stride)
        self.norm = nn.Identity() if norm == "none" else _Norm(outputs, time, norm)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return [batch, outputs, ceil(time / stride)] of [batch, inputs, time]."""
        return elu_(self.norm(self.conv(x)))

    def channels_last(self, x: torch.Tensor) -> torch.Tensor:
        """Return [batch, ceil(time / stride), outputs] of [batch, time, inputs], in float32."""
        if not isinstance(self.norm, _Norm):
            return F.elu(self.conv.channels_last(x))
        assert self.conv.bias is not None
        return normalised_elu(self.conv.products(x), self.conv.bias, self.norm.weight.t(), self.norm.bias.t())


class _Residual(nn.Module):
    """Residual unit: x plus two layers applied to x."""

    def __init__(self, channels: int, dilation: int, time: int, norm: str) -> None:
        super().__init__()
        self.wide = _Layer(channels, channels, 7, time, norm, dilation)
        self.narrow = _Layer(channels, channels, 1, time, norm)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x + narrow(wide(x)): [batch, channels, time] -> the same shape."""
        out: torch.Tensor = x + self.narrow(self.wide(x))
        return out

    def channels_last(self, x: torch.Tensor) -> torch.Tensor:
        """Return the same of [batch, time, channels]."""
        return x + self.narrow.channels_last(self.wide.channels_last(x))
