"""The network of CDPAM: an encoder of 16 convolution layers, and a learned distance of two embeddings.

Conventions: waveforms are [samples] at 22 050 Hz in units of 16-bit integers; embeddings are [512] float32.

It is the same function as that of the published package, with fewer operations:

- Batch normalisation is folded into the convolutions (see `_folded`).
- The package keeps every second sample of the output of every fourth layer. Normalisation and leaky ReLU treat each
  sample alone, so a convolution with stride 2 computes the same samples and no others.
- The distance reads the first 512 of the last layer's 1024 channels; the others are not computed.
- On a CPU the convolutions run in the frequency domain (hsbench.audio.convolve).

Clips are computed one at a time, so memory does not grow with their number.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

from hsbench import cores
from hsbench.audio.convolve import FastConv
from hsbench.audio.strips import Memory
from hsbench.metrics import cdpam_weights

if TYPE_CHECKING:
    from collections.abc import Iterator

LAYERS, USED, SLOPE = 16, 512, 0.1


class Network:
    """Encoder and distance.

    Args:
        state: tensors by name, as in the published weight file.
        device: device on which the encoder runs, "cpu" or "cuda".
    """

    def __init__(self, state: dict[str, torch.Tensor], device: str = "cpu") -> None:
        self.encoder = FastEncoder(state) if device == "cpu" else DirectEncoder(state, device)
        names = [f"model_dist.convs.{index}.0" for index in range(4)]
        self.heads = [
            (state[f"{name}.weight"], state[f"{name}.bias"], state[f"model_dist.chan_w.{index}"])
            for index, name in enumerate(names)
        ]

    def embed(self, waveform: torch.Tensor) -> torch.Tensor:
        """Return the embedding [512], on the CPU, of a waveform [samples] in units of 16-bit integers."""
        return self.encoder(waveform.float())

    @torch.inference_mode()
    def distance(self, reference: torch.Tensor, estimate: torch.Tensor) -> float:
        """Return the distance of two embeddings [512]: weighted absolute differences after each of four layers."""
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
    """Return the network with the published weights; it is loaded once per process.

    Args:
        device: "cpu" or "cuda".

    Raises:
        BackendMissingError: the weights are not installed, or are not the published ones.
    """
    return Network(cdpam_weights.load(cdpam_weights.find()), device)


def load_for_forks() -> None:
    """Load the network for the CPU, with a single thread, so that forks of this process share it.

    The threads of OpenMP do not survive a fork, and a fork waits for them for ever. A process that has used one thread
    has started none. The number of threads of later operations is not changed.
    """
    with cores.claimed():
        network("cpu")


class FastEncoder:
    """The encoder on a CPU, by convolutions in the frequency domain; calls must not overlap, since memory is reused."""

    def __init__(self, state: dict[str, torch.Tensor]) -> None:
        (weight, self.bias, _), *others = _layers(state)
        self.weight = weight[:, 0].T.contiguous()
        self.layers = [FastConv(weight, bias, stride, SLOPE) for weight, bias, stride in others]
        self.memory = Memory()

    @torch.inference_mode()
    def __call__(self, waveform: torch.Tensor) -> torch.Tensor:
        """Return the embedding [512] of a waveform [samples]."""
        with cores.claimed() as workers:
            x = self.memory.strip("odd", len(waveform), len(self.bias))
            windows = F.pad(waveform, (7, 7)).unfold(0, 15, 1)

            @torch.inference_mode()
            def first(part: slice) -> None:
                F.leaky_relu_(torch.addmm(self.bias, windows[part], self.weight, out=x.signal[part]), SLOPE)

            cores.share(first, len(waveform), workers)
            for index, layer in enumerate(self.layers):
                result = self.memory.strip("odd" if index % 2 else "even", layer.length(x.time), layer.outputs)
                layer(x, result, self.memory, workers)
                x = result
            return x.signal.mean(dim=0)


class DirectEncoder:
    """The encoder by torch's own convolutions, for a GPU."""

    def __init__(self, state: dict[str, torch.Tensor], device: str) -> None:
        self.layers = [(weight.to(device), bias.to(device), stride) for weight, bias, stride in _layers(state)]

    @torch.inference_mode()
    def __call__(self, waveform: torch.Tensor) -> torch.Tensor:
        """Return the embedding [512], on the CPU, of a waveform [samples]."""
        x = waveform.to(self.layers[0][0].device)[None]
        for weight, bias, stride in self.layers:
            x = F.leaky_relu(F.conv1d(x, weight, bias, stride=stride, padding=7), SLOPE)
        return x.mean(dim=1).cpu()


def _layers(state: dict[str, torch.Tensor]) -> Iterator[tuple[torch.Tensor, torch.Tensor, int]]:
    """Yield weight [out, in, 15], bias [out] and stride of each layer, with batch normalisation folded in, float32."""
    for index in range(LAYERS):
        weight, bias = _folded(state, index)
        yield weight.float(), bias.float(), 2 if index % 4 == 3 else 1


def _folded(state: dict[str, torch.Tensor], index: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return weight [out, in, 15] and bias [out] of a layer with batch normalisation folded in, float64."""
    # After training, batch normalisation is a fixed linear map of each channel, so it merges with the convolution:
    # gain (w * x + b - mean) / sqrt(variance + eps) + shift = (scale w) * x + (b - mean) scale + shift,
    # with scale = gain / sqrt(variance + eps).
    weight, bias = (state[f"base_encoder.encoder.{index}.{part}"].double() for part in ("weight", "bias"))
    parts = ("weight", "bias", "running_mean", "running_var")
    gain, shift, mean, variance = (state[f"base_encoder.ebatch.{index}.{part}"].double() for part in parts)
    scale = gain / torch.sqrt(variance + 1e-5)
    weight, bias = weight * scale[:, None, None], (bias - mean) * scale + shift
    return (weight[:USED], bias[:USED]) if index == LAYERS - 1 else (weight, bias)
