"""Sanity check of a training: what the network makes of its own training clips, beside three trivial answers.

A network that has learned anything has a lower loss on its training clips than silence, than noise at the clips' level,
and than its own outputs assigned to the wrong clips.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SANITY_CLIPS = 16
"""Number of training clips, at most, on which a trained network is checked."""


@torch.no_grad()
def training_sanity(
    reference: torch.Tensor, estimate: torch.Tensor, loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
) -> dict[str, Any]:
    """Compare the outputs of a trained network on some of its training clips with trivial outputs.

    Args:
        reference: [clips, samples], training clips.
        estimate: [clips, samples], the network's reconstruction of each.
        loss: (reference, estimate) -> scalar tensor.

    Returns:
        loss: loss of the network's outputs.
        loss_silence: loss of zeros.
        loss_noise: loss of white noise at each clip's root-mean-square level.
        loss_shuffled: loss of the network's outputs when each is compared with the next clip; absent for one clip.
        energy_ratio: median over clips of variance(estimate) / variance(reference). A constant output has ratio 0.
        spread: ||E - E'|| / ||E||, where E holds the outputs of all clips and E' the same outputs shifted by one clip.
            0 means that the output does not depend on the input; absent for one clip.
        status: "diverged" if the loss, the energy ratio or the spread is not finite; "collapsed" if the energy ratio
            lies outside 0.1 to 10 or the spread below 0.01; else "ok".
    """
    level = reference.square().mean(1, keepdim=True).sqrt()
    noise = torch.randn(reference.shape, generator=torch.Generator().manual_seed(0)).to(reference) * level
    trivial = {"silence": torch.zeros_like(reference), "noise": noise}
    ratios = estimate.var(1, correction=0) / reference.var(1, correction=0).clamp(min=1e-12)
    facts = {"loss": _number(loss(reference, estimate)), "energy_ratio": _number(ratios.median())}
    if len(reference) > 1:
        trivial["shuffled"] = estimate.roll(1, 0)
        facts["spread"] = _number((estimate - trivial["shuffled"]).norm() / estimate.norm().clamp(min=1e-12))
    facts |= {f"loss_{name}": _number(loss(reference, output)) for name, output in trivial.items()}
    return {**facts, "status": _status(facts)}


def _status(facts: Mapping[str, float | None]) -> str:
    loss, ratio, spread = facts["loss"], facts["energy_ratio"], facts.get("spread", 1.0)
    if loss is None or ratio is None or spread is None:
        return "diverged"
    return "ok" if 0.1 <= ratio <= 10 and spread >= 0.01 else "collapsed"


def _number(value: torch.Tensor) -> float | None:
    """Return a finite scalar rounded to six decimals, and None for one that is not finite, which JSON cannot hold."""
    return round(float(value), 6) if bool(torch.isfinite(value)) else None
