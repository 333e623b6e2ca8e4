"""Training of HyperSound by the shared harness, and what its result is worth on clips that it was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hsbench.errors import UsageError
from hsbench.fit import distributed, graphs, loop
from hsbench.fit.batches import Batches
from hsbench.fit.losses import WARM_UP
from hsbench.models.base import CHECKPOINT
from hsbench.models.judged import JUDGED, judged

if TYPE_CHECKING:
    from hsbench.models.base import Context, Training
    from hsbench.models.hypersound.network import HyperSoundNetwork
    from hsbench.models.hypersound.step import TrainingStep


def train(
    network: HyperSoundNetwork, clips: Training, context: Context, step: TrainingStep, *, steady: bool
) -> dict[str, Any]:
    """Train a network in place.

    Args:
        network: initialised, on its device.
        clips: of the training split.
        context: the run around it.
        step: its training step.
        steady: whether its loss stays the same from epoch to epoch.

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
    record = graphs.asked() and steady and distributed.world() == 1
    recorded = graphs.Recorded(lambda waveform, chosen=None: step(waveform, chosen, 0), network.parameters())

    def numbered(number: int) -> torch.Tensor:
        waveform, chosen = batches(number), batches.windows(number, training["coordinates"])
        if record:
            return recorded(waveform) if chosen is None else recorded(waveform, chosen)
        grown = WARM_UP * (1 + number // batches.per_epoch) / max(1, training["warmup_epochs"])
        return step(waveform, chosen, grown)

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
    """What a trained network makes of clips that it was trained on, as hsbench.models.judged has it."""
    waveform = torch.from_numpy(np.stack([clip.waveform for clip in clips.first(JUDGED)])).to(step.features.device)
    played = torch.cat([step.play(part) for part in torch.split(waveform, step.micro)])
    return judged(waveform, played, lambda reference, estimate: step.loss(reference, estimate, 0))
