"""One training step of HyperSound at reference size and batch 16: the harness beside plain eager PyTorch.

Plain is the form of the reference: nn.Conv1d, nn.LayerNorm and nn.ELU modules, the whole batch at once, the encoding
computed at every step, torch.bmm per layer of the target network, one STFT per signal and resolution with its phase
computed and dropped. Both run in this process on the same weights with the same thread count, in turn; loss and
gradients are compared first. Usage: python speed/hyper_step.py [--threads 2] [--rounds 3] [--kind fmlp]
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

import bench
from hsbench.audio.mel import filter_bank
from hsbench.fit.losses import BANDS, FLOOR, SIZES, MultiResolutionMelLoss
from hsbench.models.hypersound.combine import Combination
from hsbench.models.hypersound.encoder import DILATIONS, STRIDES
from hsbench.models.hypersound.model import MICRO, TILE
from hsbench.models.hypersound.network import HyperSoundNetwork
from hsbench.models.hypersound.step import TrainingStep
from hsbench.models.targets import create

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

SAMPLES, WIDTH, RATE = 32768, 90, 22050
HIDDEN = [400, 768, 768, 768, 768, 400]


class Causal(nn.Module):
    """Padding and convolution."""

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.pad = nn.ConstantPad1d((dilation * (kernel - 1), 0), 0.0)
        self.conv = nn.Conv1d(inputs, outputs, kernel, stride, dilation=dilation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, inputs, time] -> [batch, outputs, time / stride]."""
        y: torch.Tensor = self.conv(self.pad(x))
        return y


class Residual(nn.Module):
    """x + branch."""

    def __init__(self, branch: nn.Module) -> None:
        super().__init__()
        self.branch = branch

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, channels, time] -> the same shape."""
        y: torch.Tensor = x + self.branch(x)
        return y


def plain_network(generated: int) -> nn.Sequential:
    """Encoder and hypernetwork of library modules, in the order of the reference."""

    def layer(inputs: int, outputs: int, kernel: int, time: int, dilation: int = 1, stride: int = 1) -> list[nn.Module]:
        return [Causal(inputs, outputs, kernel, dilation, stride), nn.LayerNorm([outputs, time]), nn.ELU()]

    channels, time = 16, SAMPLES
    modules = layer(1, channels, 7, time)
    for stride in STRIDES:
        for dilation in DILATIONS:
            branch = [*layer(channels, channels, 7, time, dilation), *layer(channels, channels, 1, time)]
            modules.append(Residual(nn.Sequential(*branch)))
        time = math.ceil(time / stride)
        modules += layer(channels, 2 * channels, 2 * stride, time, stride=stride)
        channels *= 2
    modules += [Causal(channels, 32, 3), nn.Flatten()]
    widths = [32 * time, *HIDDEN]
    for inputs, outputs in itertools.pairwise(widths):
        modules += [nn.Linear(inputs, outputs), nn.ELU()]
    return nn.Sequential(*modules, nn.Linear(widths[-1], generated))


def plain_target(kind: str, vector: torch.Tensor, shapes: dict[str, tuple[int, ...]]) -> torch.Tensor:
    """The target network over all coordinates."""
    batch, first, params = len(vector), 0, {}
    for name, shape in shapes.items():
        params[name] = vector[:, first : first + math.prod(shape)].reshape(batch, *shape)
        first += math.prod(shape)
    x = torch.linspace(-1, 1, SAMPLES, device=vector.device).view(1, -1, 1).expand(batch, -1, -1)
    if kind == "fmlp":
        octaves = [2**i * math.pi * x for i in range(10)]
        x = torch.cat([*map(torch.sin, octaves), *map(torch.cos, octaves)], -1)
    layers = len(shapes) // 2
    for index in range(layers):
        scale = 1.0 if kind == "fmlp" else (2000.0 if index == 0 else 30.0)
        x = torch.bmm(x * scale, params[f"w{index}"].transpose(1, 2)) + params[f"b{index}"].unsqueeze(1)
        if index < layers - 1:
            x = torch.relu(x) if kind == "fmlp" else torch.sin(x)
    return x.squeeze(-1)


def plain_loss(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """L1 plus the spectral loss."""
    total = 0.0
    for n_fft in SIZES:
        mels = []
        for signal in (x, y):
            window = torch.hann_window(n_fft, device=x.device)
            spectrum = torch.stft(signal, n_fft, n_fft // 4, window=window, return_complex=True)
            torch.angle(spectrum)
            power = spectrum.real**2 + spectrum.imag**2
            bank = torch.from_numpy(filter_bank(RATE, n_fft, BANDS)).to(signal)
            mels.append(bank @ torch.sqrt(torch.clamp(power, min=FLOOR)))
        difference = mels[0] - mels[1]
        total = total + difference.abs().mean() + difference.square().mean().sqrt()
    return F.l1_loss(y, x) + total / len(SIZES)


def prepare(kind: str, batch: int, device: str) -> tuple[Callable[[], torch.Tensor], Callable[[], torch.Tensor], list]:
    """A plain step, ours, and the pairs of parameters that must get the same gradients."""
    net = create(kind, [WIDTH] * 5)
    switches = {"additive_bias": "generated", "multiplicative_bias": "scale"}
    network = HyperSoundNetwork(net, Combination(net, "replace", 0, switches), SAMPLES, 16, "element", HIDDEN)
    network.initialise(0)
    theirs = plain_network(net.count())
    mine = [*network.encoder.parameters(), *network.hypernetwork.parameters()]
    with torch.no_grad():
        for to, source in zip(theirs.parameters(), mine, strict=True):
            to.copy_(source)
    network, theirs = network.to(device), theirs.to(device)
    waveform = torch.rand(batch, SAMPLES, generator=torch.Generator().manual_seed(0)).to(device) * 2 - 1
    spectral = MultiResolutionMelLoss(RATE)
    step = TrainingStep(
        network, lambda x, y, e: (x - y).abs().mean() + spectral(x, y, e), TILE[device], MICRO[device], "fp32"
    )

    def plain() -> torch.Tensor:
        loss = plain_loss(waveform, plain_target(kind, theirs(waveform[:, None]), net.shapes()))
        loss.backward()
        return loss.detach()

    return plain, lambda: step(waveform, None, 0), list(zip(theirs.parameters(), mine, strict=True))


def parity(plain: Callable[[], torch.Tensor], ours: Callable[[], torch.Tensor], pairs: list) -> float:
    """The largest relative difference of a gradient.

    Raises:
        AssertionError: losses or gradients are not the same.
    """
    want, got = float(plain()), float(ours())
    assert abs(got / want - 1) < 1e-4, f"the losses differ: {want} and {got}"
    worst = max(float((a.grad - b.grad).norm() / b.grad.norm()) for a, b in pairs)
    assert worst < 1e-2, f"the gradients differ by {worst:.1e}"
    return worst


def measure(options: argparse.Namespace) -> list[bench.Line]:
    """The row of one kind of target network."""
    plain, ours, pairs = prepare(options.kind, options.batch, "cpu")
    worst = parity(plain, ours, pairs)
    rounds = bench.in_turn(plain, ours, options.rounds)
    work = f"hypernetwork step, {options.kind}, width {WIDTH}, batch {options.batch}"
    return [bench.compared(work, rounds, at_least=2.2, remark=f"same loss, gradients within {worst:.0e}")]


def extra(parser: argparse.ArgumentParser) -> None:
    """Which step."""
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--kind", choices=("fmlp", "siren"), default="fmlp")


if __name__ == "__main__":
    bench.main(__doc__, measure, options=extra)
