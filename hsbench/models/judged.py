"""What a training is worth on clips that it was trained on: better than silence, than noise, than another clip?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

JUDGED = 16
"""Training clips that a result is judged on."""


@torch.no_grad()
def judged(
    waveform: torch.Tensor, played: torch.Tensor, loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
) -> dict[str, Any]:
    """Facts about what a network made of clips.

    Args:
        waveform: [clips, samples], what it was given.
        played: [clips, samples], what it made.
        loss: (reference, estimate) -> scalar.

    Returns:
        loss: of its output; loss_silence, loss_noise, loss_shuffled: of silence, of white noise at each clip's level,
            and of its outputs when each clip is given to its neighbour (not for a single clip).
        energy_ratio: median over clips of the variance of output over input; a constant is no sound.
        spread: how far outputs of two clips are apart, over their own size; 0 for a network deaf to its input (not for
            a single clip).
        status: "ok", "diverged" (not finite) or "collapsed" (energy ratio outside 0.1 to 10, or spread below 0.01).
    """
    level = waveform.square().mean(1, keepdim=True).sqrt()
    noise = torch.randn(waveform.shape, generator=torch.Generator().manual_seed(0)).to(waveform) * level
    others = {"silence": torch.zeros_like(waveform), "noise": noise}
    ratios = played.var(1, correction=0) / waveform.var(1, correction=0).clamp(min=1e-12)
    facts = {"loss": _number(loss(waveform, played)), "energy_ratio": _number(ratios.median())}
    if len(waveform) > 1:
        others["shuffled"] = played.roll(1, 0)
        facts["spread"] = _number((played - others["shuffled"]).norm() / played.norm().clamp(min=1e-12))
    facts |= {f"loss_{name}": _number(loss(waveform, other)) for name, other in others.items()}
    return {**facts, "status": _status(facts)}


def _status(facts: Mapping[str, float | None]) -> str:
    loss, ratio, spread = facts["loss"], facts["energy_ratio"], facts.get("spread", 1.0)
    if loss is None or ratio is None or spread is None:
        return "diverged"
    return "ok" if 0.1 <= ratio <= 10 and spread >= 0.01 else "collapsed"


def _number(value: torch.Tensor) -> float | None:
    return round(float(value), 6) if bool(torch.isfinite(value)) else None
