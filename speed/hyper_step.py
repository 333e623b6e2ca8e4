"""Measure one training step of HyperSound at reference size and batch 16: hsbench and plain eager PyTorch.

The plain code is written as the reference code is: nn.Conv1d, nn.LayerNorm and nn.ELU modules, the whole batch at once,
the positional encoding computed at every step, one torch.bmm per layer of the target network, and one STFT per signal
and resolution, whose phase is computed and not used. Both sides run alternately in this process, with the same weights
and the same number of threads. Loss and gradients are compared before anything is timed.
Usage: python speed/hyper_step.py [--threads 2] [--rounds 3] [--kind fmlp]
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

import bench
from hsbench.audio.mel import filter_bank
from hsbench.fit.losses import BANDS, FLOOR, SIZES, MultiResolutionMelLoss, ReconstructionLoss
from hsbench.models.hypersound.combine import Combination
from hsbench.models.hypersound.encoder import DILATIONS, STRIDES
from hsbench.models.hypersound.model import MICRO
from hsbench.models.hypersound.network import HyperSoundNetwork
from hsbench.models.hypersound.step import TrainingStep
from hsbench.models.targets import create
from hsbench.models.targets.form import PLAIN
from hsbench.models.targets.tiles import TILE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from hsbench.models.targets.form import Form

RATE = 22050


@dataclass(frozen=True)
class Size:
    """Size of the networks.

    Attributes:
        samples: samples per clip.
        width: units per hidden layer of the target network.
        channels: output channels of the encoder's first layer.
        hidden: units of each hidden layer of the hypernetwork.
    """

    samples: int
    width: int
    channels: int
    hidden: tuple[int, ...]


REFERENCE = Size(32768, 90, 16, (400, 768, 768, 768, 768, 400))
TINY = Size(2048, 8, 2, (16, 16))


class Causal(nn.Module):
    """Causal convolution: zeros before the signal, then nn.Conv1d."""

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.pad = nn.ConstantPad1d((dilation * (kernel - 1), 0), 0.0)
        self.conv = nn.Conv1d(inputs, outputs, kernel, stride, dilation=dilation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, inputs, time] -> [batch, outputs, time / stride]."""
        y: torch.Tensor = self.conv(self.pad(x))
        return y


class Residual(nn.Module):
    """Residual block: x + branch(x)."""

    def __init__(self, branch: nn.Module) -> None:
        super().__init__()
        self.branch = branch

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, channels, time] -> the same shape."""
        y: torch.Tensor = x + self.branch(x)
        return y


def plain_network(size: Size, generated: int) -> nn.Sequential:
    """Build encoder and hypernetwork from library modules, in the order of the reference code.

    Args:
        size: size of the networks.
        generated: number of weights that the hypernetwork generates for a clip.
    """

    def layer(inputs: int, outputs: int, kernel: int, time: int, dilation: int = 1, stride: int = 1) -> list[nn.Module]:
        return [Causal(inputs, outputs, kernel, dilation, stride), nn.LayerNorm([outputs, time]), nn.ELU()]

    channels, time = size.channels, size.samples
    modules = layer(1, channels, 7, time)
    for stride in STRIDES:
        for dilation in DILATIONS:
            branch = [*layer(channels, channels, 7, time, dilation), *layer(channels, channels, 1, time)]
            modules.append(Residual(nn.Sequential(*branch)))
        time = math.ceil(time / stride)
        modules += layer(channels, 2 * channels, 2 * stride, time, stride=stride)
        channels *= 2
    modules += [Causal(channels, 32, 3), nn.Flatten()]
    widths = [32 * time, *size.hidden]
    for inputs, outputs in itertools.pairwise(widths):
        modules += [nn.Linear(inputs, outputs), nn.ELU()]
    return nn.Sequential(*modules, nn.Linear(widths[-1], generated))


def plain_target(kind: str, samples: int, vector: torch.Tensor, shapes: dict[str, tuple[int, ...]]) -> torch.Tensor:
    """Evaluate the target network at all coordinates, [batch, samples].

    Args:
        kind: "fmlp" or "siren".
        samples: samples per clip.
        vector: generated weights, [batch, generated].
        shapes: shape of each weight and bias, in the order in which they lie in `vector`.
    """
    batch, start, params = len(vector), 0, {}
    for name, shape in shapes.items():
        params[name] = vector[:, start : start + math.prod(shape)].reshape(batch, *shape)
        start += math.prod(shape)
    x = torch.linspace(-1, 1, samples, device=vector.device).view(1, -1, 1).expand(batch, -1, -1)
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
    """Return the L1 loss plus the multi-resolution mel loss of an estimate y of x, both [batch, samples]."""
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


@dataclass(frozen=True)
class Pair:
    """The same training step in plain code and in hsbench.

    Attributes:
        plain: computes the gradients with library modules and returns the loss.
        ours: computes the gradients with hsbench and returns the loss.
        step: the training step of hsbench that `ours` calls.
        plain_parameters: parameters of the plain side.
        mine: parameters of hsbench in the same order, which must get the same gradients.
        waveform: the batch of clips, [batch, samples].
    """

    plain: Callable[[], torch.Tensor]
    ours: Callable[[], torch.Tensor]
    step: TrainingStep
    plain_parameters: list[torch.Tensor]
    mine: list[torch.Tensor]
    waveform: torch.Tensor


def prepare(
    kind: str, batch: int, device: str, size: Size = REFERENCE, policy: str = "fp32", form: Form = PLAIN
) -> Pair:
    """Build both sides with the same weights.

    Args:
        kind: target network, "fmlp" or "siren".
        batch: clips per step.
        device: "cpu" or "cuda".
        size: size of the networks.
        policy: precision of hsbench, "fp32", "tf32" or "bf16".
        form: how hsbench evaluates the target network, see hsbench.models.targets.form.
    """
    net = create(kind, [size.width] * 5)
    switches = {"additive_bias": "generated", "multiplicative_bias": "scale"}
    combination = Combination(net, "replace", 0, switches)
    network = HyperSoundNetwork(net, combination, size.samples, size.channels, "element", size.hidden)
    network.initialise(0)
    plain_model = plain_network(size, net.count())
    mine = [*network.encoder.parameters(), *network.hypernetwork.parameters()]
    with torch.no_grad():
        for target, source in zip(plain_model.parameters(), mine, strict=True):
            target.copy_(source)
    network, plain_model = network.to(device), plain_model.to(device)
    waveform = torch.rand(batch, size.samples, generator=torch.Generator().manual_seed(0)).to(device) * 2 - 1
    loss = ReconstructionLoss(MultiResolutionMelLoss(RATE))
    step = TrainingStep(network, loss, TILE[device], MICRO[device], policy, form)

    def plain() -> torch.Tensor:
        for parameter in plain_model.parameters():
            parameter.grad = None
        loss = plain_loss(waveform, plain_target(kind, size.samples, plain_model(waveform[:, None]), net.shapes()))
        loss.backward()
        return loss.detach()

    def ours() -> torch.Tensor:
        for parameter in mine:
            parameter.grad = None
        return step(waveform, None, 0)

    return Pair(plain, ours, step, list(plain_model.parameters()), mine, waveform)


def parity(pair: Pair, ours: Callable[[], torch.Tensor], exact: bool = True) -> float:
    """Compare loss and gradients of the two sides.

    Args:
        pair: both sides.
        ours: the step of hsbench to compare, such as pair.ours or a compiled form of it.
        exact: True for a step in float32. Otherwise the losses may differ by two per cent, and the gradients are
            compared without a limit.

    Returns:
        The largest relative difference of the gradient of one parameter; where `exact` is False, the relative
        difference of all gradients taken together.

    Raises:
        AssertionError: losses or gradients are not the same.
    """
    sides = pair.mine, pair.plain_parameters
    expected_loss, loss = float(pair.plain()), float(ours())
    assert abs(loss / expected_loss - 1) < (1e-4 if exact else 2e-2), f"the losses differ: {expected_loss} and {loss}"
    if not exact:
        gradients, expected = (
            torch.cat([parameter.grad.flatten() for parameter in side if parameter.grad is not None]) for side in sides
        )
        return difference(gradients, expected)
    worst = max(difference(a.grad, b.grad) for a, b in zip(*sides, strict=True))
    assert worst < 1e-2, f"the gradients differ by {worst:.1e}"
    return worst


def difference(gradient: torch.Tensor | None, expected: torch.Tensor | None) -> float:
    """Return the relative difference |gradient - expected| / |expected| of two gradients."""
    assert gradient is not None, "a gradient is missing"
    assert expected is not None, "a gradient is missing"
    return float((gradient - expected).norm() / expected.norm())


def measure(options: argparse.Namespace) -> list[bench.Line]:
    """Measure the step with one kind of target network and return its row of the table."""
    pair = prepare(options.kind, options.batch, "cpu")
    worst = parity(pair, pair.ours)
    rounds = bench.in_turn(pair.plain, pair.ours, options.rounds)
    work = f"hypernetwork step, {options.kind}, width {REFERENCE.width}, batch {options.batch}"
    return [bench.compared(work, rounds, at_least=2.2, remark=f"same loss, gradients within {worst:.0e}")]


def extra(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the step."""
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--kind", choices=("fmlp", "siren"), default="fmlp")


if __name__ == "__main__":
    bench.main(__doc__, measure, options=extra)
