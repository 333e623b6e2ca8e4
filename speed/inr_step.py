"""Measure one training step of 16 individual INRs over all 32 768 coordinates: hsbench and plain code.

hsbench computes the coordinates in tiles; the plain code computes all of them at once. Both sides run alternately in
this process, with the same number of threads. The gradients are compared before anything is timed.
Usage: python speed/inr_step.py [--threads 2]
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

import bench
from hsbench.models.inr.steps import BatchSteps, ClipSteps
from hsbench.models.targets import create
from hsbench.models.targets.base import grid

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable

    from hsbench.models.inr.steps import Step
    from hsbench.models.targets.base import TargetNet

CLIPS, SAMPLES, WIDTH = 16, 32768, 90


def plain(kind: str, params: dict[str, torch.Tensor], target: torch.Tensor) -> torch.Tensor:
    """Compute the gradients in plain code: all coordinates at once, torch.bmm, the encoding computed at every step.

    Args:
        kind: "fmlp" or "siren".
        params: weights and biases by name, each [clips, *shape].
        target: waveforms to fit, [clips, samples].

    Returns:
        The loss of each clip, [clips].
    """
    clips, samples = target.shape
    t = torch.linspace(-1, 1, samples, device=target.device).view(1, -1, 1).expand(clips, -1, -1)
    octaves = [2**i * math.pi * t for i in range(10)]
    x = torch.cat([*map(torch.sin, octaves), *map(torch.cos, octaves)], -1) if kind == "fmlp" else t
    layers = len(params) // 2
    for layer in range(layers):
        scale = 1.0 if kind == "fmlp" else (2000.0 if layer == 0 else 30.0)
        x = torch.bmm(x * scale, params[f"w{layer}"].transpose(1, 2)) + params[f"b{layer}"].unsqueeze(1)
        if layer < layers - 1:
            x = torch.relu(x) if kind == "fmlp" else torch.sin(x)
    losses = (x.squeeze(-1) - target).abs().mean(dim=1)
    losses.sum().backward()
    return losses.detach()


def harness(net: TargetNet, params: dict[str, torch.Tensor], target: torch.Tensor, threads: int) -> Step:
    """Return the training step of hsbench over all coordinates with the L1 loss, which starts at these parameters.

    Args:
        net: the target network.
        params: weights and biases by name, each [clips, *shape], of which the step makes a copy of its own.
        target: waveforms to fit, [clips, samples].
        threads: CPU threads.
    """
    features = net.features(grid(target.shape[1])).to(target.device)

    def all_coordinates(_number: int) -> tuple[torch.Tensor, torch.Tensor]:
        return features, target

    if target.device.type == "cpu":
        return ClipSteps(net, params, all_coordinates, torch.abs, threads)
    return BatchSteps(net, params, all_coordinates, torch.abs)


def largest_difference(step: Step, expected: dict[str, torch.Tensor]) -> float:
    """Return the largest relative difference of a gradient of the step from the gradient in plain code.

    Args:
        step: a step of hsbench that has set its gradients.
        expected: parameters by name, each [clips, *shape], with the gradients of plain code.
    """
    worst = 0.0
    for name, value in expected.items():
        if name in step.parameters:
            gradient = step.parameters[name].grad
        else:  # on a CPU every clip has tensors of its own, named "<clip>.<name>"
            gradient = torch.cat([step.parameters[f"{clip}.{name}"].grad for clip in range(len(value))])  # type: ignore[misc]
        assert gradient is not None, f"the gradient of {name} is missing"
        assert value.grad is not None, f"the gradient of {name} is missing in plain code"
        worst = max(worst, float((gradient - value.grad).norm() / value.grad.norm()))
    return worst


def problem(kind: str, clips: int, width: int, samples: int = SAMPLES) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Return random parameters {name: [clips, *shape]} and random waveforms to fit, [clips, samples]."""
    net = create(kind, [width] * 5)
    starts = [net.draw(torch.Generator().manual_seed(clip)) for clip in range(clips)]
    params = {name: torch.stack([start[name] for start in starts]).requires_grad_() for name in net.shapes()}
    return params, torch.rand(clips, samples, generator=torch.Generator().manual_seed(0)) * 2 - 1


def compare(kind: str, threads: int, rounds: int) -> bench.Line:
    """Measure the step with one kind of network and return its row of the table."""
    params, target = problem(kind, CLIPS, WIDTH)

    step = harness(create(kind, [WIDTH] * 5), params, target, threads)

    def from_zero(parameters: Iterable[torch.Tensor], run: Callable[[], object]) -> Callable[[], object]:
        """Return a call that clears the gradients of the parameters and runs the step."""
        tensors = list(parameters)

        def call() -> object:
            for tensor in tensors:
                tensor.grad = None
            return run()

        return call

    sides = (
        from_zero(params.values(), lambda: plain(kind, params, target)),
        from_zero(step.parameters.values(), lambda: step(0)),
    )
    for side in sides:
        side()
    worst = largest_difference(step, params)
    assert worst < 1e-3, f"{kind}: the gradients differ by {worst:.1e}"
    work = f"fit INRs, {kind}, {CLIPS} clips, width {WIDTH}, per clip-step"
    remark = f"gradients within {worst:.0e}"
    return bench.compared(work, bench.in_turn(*sides, rounds), 1 / CLIPS, at_least=2.9, remark=remark)


def measure(options: argparse.Namespace) -> list[bench.Line]:
    """Measure both kinds of network."""
    return [compare(kind, options.threads, options.rounds) for kind in ("fmlp", "siren")]


if __name__ == "__main__":
    bench.main(__doc__, measure)
