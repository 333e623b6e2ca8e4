"""One optimisation step of 16 individual INRs over all 32 768 coordinates: tiles beside plain full-batch code.

Both run in this process with the same thread count, in turn; the gradients are compared first. Usage: python
speed/inr_step.py [--threads 2]
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import torch

import bench
from hsbench import protocols, registry
from hsbench.models.base import Context
from hsbench.models.inr.individual import _Step
from hsbench.models.targets import create
from hsbench.models.targets.base import grid

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

CLIPS, SAMPLES, WIDTH = 16, 32768, 90


def plain(kind: str, params: dict[str, torch.Tensor], target: torch.Tensor) -> torch.Tensor:
    """Full batch, torch.bmm, the encoding computed anew at every step."""
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


def harness(kind: str, params: dict[str, torch.Tensor], target: torch.Tensor, threads: int) -> _Step:
    """The step of hsbench."""
    net = create(kind, [params["b0"].shape[1]] * 5)
    switches = protocols.switches("fixed", registry.get("models", f"inr-{kind}").switches)
    context = Context(
        0,
        22050,
        target.shape[1],
        switches,
        {"coordinates": None},
        target.device.type,
        threads,
        Path(),
        Path(),
        lambda _row: None,
        lambda _done, _of: None,
    )
    return _Step(net, params, net.features(grid(target.shape[1])).to(target.device), target, context)


def problem(kind: str, clips: int, width: int, samples: int = SAMPLES) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Fresh parameters {name: [clips, *shape]} and what they are to play, [clips, samples]."""
    net = create(kind, [width] * 5)
    drawn = [net.draw(torch.Generator().manual_seed(clip)) for clip in range(clips)]
    params = {name: torch.stack([one[name] for one in drawn]).requires_grad_() for name in net.shapes()}
    return params, torch.rand(clips, samples, generator=torch.Generator().manual_seed(0)) * 2 - 1


def compare(kind: str, threads: int, rounds: int) -> bench.Line:
    """The row of one kind of network."""
    params, target = problem(kind, CLIPS, WIDTH)

    def anew(run: Callable[[], object]) -> Callable[[], dict[str, torch.Tensor]]:
        def call() -> dict[str, torch.Tensor]:
            for value in params.values():
                value.grad = None
            run()
            return {name: value.grad for name, value in params.items()}  # type: ignore[misc]

        return call

    step = harness(kind, params, target, threads)
    sides = anew(lambda: plain(kind, params, target)), anew(lambda: step(0))
    want, got = (side() for side in sides)
    worst = max(float((value - got[name]).norm() / value.norm()) for name, value in want.items())
    assert worst < 1e-3, f"{kind}: the gradients differ by {worst:.1e}"
    work = f"fit INRs, {kind}, {CLIPS} clips, width {WIDTH}, per clip-step"
    remark = f"gradients within {worst:.0e}"
    return bench.compared(work, bench.in_turn(*sides, rounds), 1 / CLIPS, at_least=2.6, remark=remark)


def measure(options: argparse.Namespace) -> list[bench.Line]:
    """Both kinds."""
    return [compare(kind, options.threads, options.rounds) for kind in ("fmlp", "siren")]


if __name__ == "__main__":
    bench.main(__doc__, measure)
