"""The network of CDPAM: an encoder of 16 convolutions to 512 numbers per clip, and a learned distance of two.

Conventions: waveforms are [samples] at 22 050 Hz in units of 16-bit integers; embeddings are [512] float32.

The same function as the published package, with less work: batch normalisation is folded into the convolutions, the
decimation after every fourth layer stands inside it, only the half of the last layer that the distance reads is
computed, and on a CPU the convolutions run through FFTs. One clip at a time, so memory does not grow with their
number.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

from hsbench.audio.convolve import FastConv
from hsbench.metrics import cdpam_weights

if TYPE_CHECKING:
    from collections.abc import Callable

LAYERS, USED, SLOPE = 16, 512, 0.1


class Network:
    """Encoder and distance on one device.

    Args:
        state: tensors by name, as in the published weight file.
        device: "cpu" or "cuda".
    """

    def __init__(self, state: dict[str, torch.Tensor], device: str = "cpu") -> None:
        self.device = torch.device(device)
        self.layers = [self._layer(index, *_folded(state, index)) for index in range(LAYERS)]
        names = [f"model_dist.convs.{index}.0" for index in range(4)]
        self.heads = [
            (state[f"{name}.weight"], state[f"{name}.bias"], state[f"model_dist.chan_w.{index}"])
            for index, name in enumerate(names)
        ]

    def _layer(self, index: int, weight: torch.Tensor, bias: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
        stride = 2 if index % 4 == 3 else 1
        if self._fast(index):
            return FastConv(weight, bias, stride)
        weight, bias = weight.float().to(self.device), bias.float().to(self.device)
        return lambda x: F.conv1d(x.unsqueeze(0), weight, bias, stride=stride, padding=7).squeeze(0)

    def _fast(self, index: int) -> bool:
        """Whether a layer goes through FFTs: on a CPU, all but the first, which has one input channel."""
        return self.device.type == "cpu" and index > 0

    @torch.inference_mode()
    def embed(self, waveform: torch.Tensor) -> torch.Tensor:
        """[samples] in units of 16-bit integers -> [512], on the CPU."""
        x = waveform.float().to(self.device).unsqueeze(0)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), SLOPE)
        return x.mean(dim=1).cpu()

    @torch.inference_mode()
    def distance(self, reference: torch.Tensor, estimate: torch.Tensor) -> float:
        """Weighted absolute differences of two embeddings [512] through four small layers."""
        x, y = (F.normalize(embedding, dim=0) for embedding in (reference, estimate))
        total = torch.zeros(())
        for index, (weight, bias, channel) in enumerate(self.heads):
            x, y = F.linear(x, weight, bias), F.linear(y, weight, bias)
            if index < 3:
                x, y = F.leaky_relu(x), F.leaky_relu(y)
            total = total + ((y - x) * channel).abs().sum()
        return float(total)


@functools.lru_cache(maxsize=1)
def network(device: str) -> Network:
    """The network with the published weights, loaded once.

    Raises:
        BackendMissingError: the weights are not installed or not the published ones.
    """
    return Network(cdpam_weights.load(cdpam_weights.find()), device)


def _folded(state: dict[str, torch.Tensor], index: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight [out, in, 15] and bias [out] of a convolution with its batch normalisation, float64."""
    weight, bias = (state[f"base_encoder.encoder.{index}.{part}"].double() for part in ("weight", "bias"))
    parts = ("weight", "bias", "running_mean", "running_var")
    gain, shift, mean, variance = (state[f"base_encoder.ebatch.{index}.{part}"].double() for part in parts)
    scale = gain / torch.sqrt(variance + 1e-5)
    weight, bias = weight * scale[:, None, None], (bias - mean) * scale + shift
    return (weight[:USED], bias[:USED]) if index == LAYERS - 1 else (weight, bias)
