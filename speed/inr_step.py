"""One optimisation step of 16 individual INRs over all 32 768 coordinates: tiles beside plain full-batch code.

Both run in this process with the same thread count, in turn; the gradients are compared first. Usage: python
speed/inr_step.py [--threads 2]
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from pathlib import Path

import torch

from hsbench import protocols, registry
from hsbench.models.base import Context
from hsbench.models.individual import _Step
from hsbench.models.targets import create

CLIPS, SAMPLES, WIDTH = 16, 32768, 90


def plain(kind: str, params: dict[str, torch.Tensor], target: torch.Tensor) -> None:
    """Full batch, torch.bmm, the encoding computed anew at every step."""
    t = torch.linspace(-1, 1, SAMPLES).view(1, -1, 1).expand(CLIPS, -1, -1)
    octaves = [2**i * math.pi * t for i in range(10)]
    x = torch.cat([*map(torch.sin, octaves), *map(torch.cos, octaves)], -1) if kind == "fmlp" else t
    layers = len(params) // 2
    for layer in range(layers):
        scale = 1.0 if kind == "fmlp" else (2000.0 if layer == 0 else 30.0)
        x = torch.bmm(x * scale, params[f"w{layer}"].transpose(1, 2)) + params[f"b{layer}"].unsqueeze(1)
        if layer < layers - 1:
            x = torch.relu(x) if kind == "fmlp" else torch.sin(x)
    (x.squeeze(-1) - target).abs().mean(dim=1).sum().backward()


def compare(kind: str, threads: int, repeats: int) -> tuple[float, float, float]:
    """Median seconds per clip-step of plain and of hsbench, and the median of their ratios."""
    torch.set_num_threads(threads)
    net = create(kind, [WIDTH] * 5)
    drawn = [net.draw(torch.Generator().manual_seed(clip)) for clip in range(CLIPS)]
    params = {name: torch.stack([one[name] for one in drawn]).requires_grad_() for name in net.shapes()}
    target = torch.rand(CLIPS, SAMPLES, generator=torch.Generator().manual_seed(0)) * 2 - 1
    switches = protocols.switches("fixed", registry.get("models", f"inr-{kind}").switches)
    context = Context(
        0,
        22050,
        SAMPLES,
        switches,
        {"coordinates": None},
        "cpu",
        threads,
        Path(),
        Path(),
        lambda _row: None,
        lambda _done, _of: None,
    )
    step = _Step(net, params, net.features(torch.linspace(-1, 1, SAMPLES).view(1, -1, 1)), target, context)

    def timed(run: object, *arguments: object) -> tuple[float, dict[str, torch.Tensor]]:
        for value in params.values():
            value.grad = None
        start = time.perf_counter()
        run(*arguments)  # type: ignore[operator]
        return time.perf_counter() - start, {name: value.grad.clone() for name, value in params.items()}  # type: ignore[union-attr]

    _, want = timed(plain, kind, params, target)
    _, got = timed(step, 0)
    for name, value in want.items():
        distance = (value - got[name]).norm() / value.norm()
        assert distance < 1e-3, f"{kind} {name}: the gradients differ by {distance:.1e}"
    pairs = [(timed(plain, kind, params, target)[0], timed(step, 0)[0]) for _ in range(repeats)]
    ours, theirs = (statistics.median(pair[side] for pair in pairs) / CLIPS for side in (1, 0))
    return theirs, ours, statistics.median(a / b for a, b in pairs)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print(f"16 clips, width {WIDTH}, {SAMPLES} coordinates, {options.threads} threads, torch {torch.__version__}")
    for kind in ("fmlp", "siren"):
        theirs, ours, ratio = compare(kind, options.threads, options.repeats)
        print(f"{kind:6} plain {theirs:.3f} s, hsbench {ours:.3f} s per clip-step, ratio {ratio:.2f} (same gradients)")


if __name__ == "__main__":
    main()
