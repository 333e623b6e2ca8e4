"""Training of HyperSound by the shared harness, and what its result is worth on clips that it was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hsbench.errors import UsageError
from hsbench.fit import distributed, loop
from hsbench.fit.batches import Batches
from hsbench.fit.losses import WARM_UP
from hsbench.models.base import CHECKPOINT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hsbench.models.base import Context, Training
    from hsbench.models.hypersound.network import HyperSoundNetwork
    from hsbench.models.hypersound.step import TrainingStep

JUDGED = 16
"""Training clips that the result is judged on."""


def train(network: HyperSoundNetwork, clips: Training, context: Context, step: TrainingStep) -> dict[str, Any]:
    """Train a network in place.

    Args:
        network: initialised, on its device.
        clips: of the training split.
        context: the run around it.
        step: its training step.

    Returns:
        Facts: steps, clips_seen, and those of `judge`.

    Raises:
        UsageError: there is nothing to train on, or a setting is out of range.
    """
    training = context.training
    if training["train_clips"] is not None:
        clips = clips.first(training["train_clips"])
    if len(clips) == 0:
        raise UsageError("training expects clips in the train split, and the corpus has none there; use a larger one.")
    device = next(network.parameters()).device
    batches = _batches(clips, context, device)

    def numbered(number: int) -> torch.Tensor:
        grown = WARM_UP * (1 + number // batches.per_epoch) / max(1, training["warmup_epochs"])
        return step(batches(number), batches.windows(number, training["coordinates"]), grown)

    recipe = _recipe(context, batches.per_epoch)
    hooks = loop.Hooks(
        record=context.record,
        progress=lambda done: context.progress(done, recipe.updates),
        checkpoint=context.kept / CHECKPOINT,
    )
    loop.optimise(dict(network.named_parameters()), numbered, recipe, hooks)
    seen = {"steps": recipe.updates, "clips_seen": recipe.updates * training["batch"]}
    return {**seen, **judge(clips, step)}


def _batches(clips: Training, context: Context, device: torch.device) -> Batches:
    training = context.training
    for name in ("epochs", "epoch_samples", "batch", "channels"):
        if not isinstance(training[name], int) or training[name] < 1:
            raise UsageError(f"{name} expects a whole number from 1, got {training[name]!r}.")
    return Batches(
        clips.passages(),
        context.samples,
        context.sample_rate,
        training["batch"],
        training["epoch_samples"],
        context.key,
        device,
        augment=training["augment"],
        rank=distributed.rank(),
        world=distributed.world(),
    )


def _recipe(context: Context, per_epoch: int) -> loop.Recipe:
    training = context.training
    steps, named = training["epochs"] * per_epoch, training["schedule"]
    return loop.Recipe(
        steps,
        steps,
        context.switches["hyper_schedule"] if named == "protocol" else named,
        float(training["learning_rate"]),
        per_epoch,
        training["weight_decay"],
        cycle_momentum=True,
        clip_norm=training["clip_norm"],
    )


@torch.no_grad()
def judge(clips: Training, step: TrainingStep) -> dict[str, Any]:
    """What a trained network makes of clips that it was trained on.

    Returns:
        loss: of its output; loss_silence, loss_noise, loss_shuffled: of silence, of white noise at each clip's level,
            and of its outputs when each clip is given to its neighbour (not for a single clip).
        energy_ratio: median over clips of the variance of output over input; a constant is no sound.
        spread: how far outputs of two clips are apart, over their own size; 0 for a network deaf to its input (not for
            a single clip).
        status: "ok", "diverged" (not finite) or "collapsed" (energy ratio outside 0.1 to 10, or spread below 0.01).
    """
    waveform = torch.from_numpy(np.stack([clip.waveform for clip in clips.first(JUDGED)])).to(step.features.device)
    played = torch.cat([step.play(part) for part in torch.split(waveform, step.micro)])
    level = waveform.square().mean(1, keepdim=True).sqrt()
    noise = torch.randn(waveform.shape, generator=torch.Generator().manual_seed(0)).to(waveform) * level
    others = {"silence": torch.zeros_like(waveform), "noise": noise}
    ratios = played.var(1, correction=0) / waveform.var(1, correction=0).clamp(min=1e-12)
    facts = {"loss": _number(step.loss(waveform, played, 0)), "energy_ratio": _number(ratios.median())}
    if len(waveform) > 1:
        others["shuffled"] = played.roll(1, 0)
        facts["spread"] = _number((played - others["shuffled"]).norm() / played.norm().clamp(min=1e-12))
    facts |= {f"loss_{name}": _number(step.loss(waveform, other, 0)) for name, other in others.items()}
    return {**facts, "status": _status(facts)}


def _status(facts: Mapping[str, float | None]) -> str:
    loss, ratio, spread = facts["loss"], facts["energy_ratio"], facts.get("spread", 1.0)
    if loss is None or ratio is None or spread is None:
        return "diverged"
    return "ok" if 0.1 <= ratio <= 10 and spread >= 0.01 else "collapsed"


def _number(value: torch.Tensor) -> float | None:
    return round(float(value), 6) if bool(torch.isfinite(value)) else None
