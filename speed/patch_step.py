"""Measure one training step of patch-inr and of coinpp: hsbench and plain code with autograd.

Plain code evaluates all 48 patches at once and leaves every derivative to autograd; for coinpp it keeps the graph of
the three inner steps (create_graph). Both sides run alternately in this process, with the same number of threads,
without the optimiser. The gradients are compared before anything is timed.
Usage: python speed/patch_step.py [--threads 2]
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

import bench
from hsbench import cores
from hsbench.models.patches.amortised import AmortisedNetwork, AmortisedStep
from hsbench.models.patches.coinpp import MetaNetwork, MetaStep
from hsbench.models.patches.network import PatchEncoder, SharedSIREN
from hsbench.models.patches.tiles import Tiles

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

PATCHES, SAMPLES, WIDTH, LAYERS, LATENT, OMEGA, INNER = 48, 256, 48, 3, 128, 50.0, 3
TILE = 12


def decode(siren: SharedSIREN, latents: torch.Tensor) -> torch.Tensor:
    """Evaluate the shared SIREN in plain code: latents [patches, latent] -> [patches, samples]."""
    shifts = siren.modulation(latents).view(-1, LAYERS, WIDTH)
    h = torch.linspace(-5, 5, SAMPLES).expand(len(latents), 1, SAMPLES)
    for layer, matrix in enumerate([siren.first, *siren.hidden]):
        h = torch.sin(OMEGA * (matrix @ h + (siren.biases[layer] + shifts[:, layer])[:, :, None]))
    return (siren.output @ h).squeeze(1) + siren.output_bias


def plain_one_pass(network: AmortisedNetwork, patches: torch.Tensor) -> None:
    """Compute the gradients of patch-inr in plain code."""
    *hidden, last = network.encoder.linear
    latents = patches
    for layer in hidden:
        latents = F.elu(layer(latents))
    (decode(network.siren, last(latents)) - patches).square().mean().sqrt().backward()


def plain_few_steps(network: MetaNetwork, patches: torch.Tensor) -> None:
    """Compute the gradients of coinpp in plain code, through all inner steps."""
    latents = torch.zeros(len(patches), LATENT, requires_grad=True)
    for _ in range(INNER):
        inner = (decode(network.siren, latents) - patches).square().mean(1).sum()
        (gradient,) = torch.autograd.grad(inner, latents, create_graph=True)
        latents = latents - network.log_rates.exp() * gradient
    (decode(network.siren, latents) - patches).square().mean().sqrt().backward()


def problem(kind: str, threads: int) -> tuple[torch.nn.Module, Callable[[], object], Callable[[], object]]:
    """Return a network, and the step in plain code and in hsbench.

    Args:
        kind: "patch-inr" or "coinpp".
        threads: CPU threads.
    """
    generator = torch.Generator().manual_seed(0)
    siren = SharedSIREN(LATENT, WIDTH, LAYERS, OMEGA, OMEGA)
    siren.initialise(generator)
    patches = torch.randn(PATCHES, SAMPLES, generator=generator) / 5
    tiles = Tiles(torch.device("cpu"), threads, TILE)
    if kind == "patch-inr":
        encoder = PatchEncoder(SAMPLES, [256, 256], LATENT)
        encoder.initialise(generator)
        network = AmortisedNetwork(encoder, siren)
        one_pass = AmortisedStep(network, SAMPLES, tiles, lambda x, y: (x - y).square().mean().sqrt())
        return network, partial(plain_one_pass, network, patches), partial(one_pass, patches)
    meta = MetaNetwork(siren, LATENT, learned_rates=True)
    with torch.no_grad():
        meta.log_rates.fill_(-2.3)
    few_steps = MetaStep(meta, SAMPLES, tiles, INNER, "rmse")
    return meta, partial(plain_few_steps, meta, patches), partial(few_steps, patches)


def gradients(network: torch.nn.Module, step: Callable[[], object]) -> list[torch.Tensor]:
    """Return the gradients that a step sets."""
    network.zero_grad()
    step()
    return [value.grad.clone() for value in network.parameters() if value.grad is not None]


def compare(kind: str, threads: int, rounds: int) -> bench.Line:
    """Measure the step of one model and return its row of the table."""
    network, plain, ours = problem(kind, threads)

    def in_one_thread() -> None:
        network.zero_grad()
        with cores.claimed():
            ours()

    def in_library_threads() -> None:
        network.zero_grad()
        plain()

    pairs = zip(gradients(network, plain), gradients(network, ours), strict=True)
    worst = max(float((one - other).norm() / one.norm()) for one, other in pairs)
    assert worst < 1e-3, f"{kind}: the gradients differ by {worst:.1e}"
    in_one_thread()
    timed = bench.in_turn(in_library_threads, in_one_thread, rounds)
    return bench.compared(f"{kind} step, {PATCHES} patches", timed, remark=f"gradients within {worst:.0e}")


def measure(options: argparse.Namespace) -> list[bench.Line]:
    """Measure both models."""
    return [compare(kind, options.threads, 10 * options.rounds) for kind in ("patch-inr", "coinpp")]


if __name__ == "__main__":
    bench.main(__doc__, measure)
