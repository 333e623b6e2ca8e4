"""Training of HyperSound by the shared loop, and the sanity check of the trained network on its training clips."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hsbench.errors import UsageError
from hsbench.fit import compilation, distributed, loop
from hsbench.fit.batches import Batches
from hsbench.fit.losses import WARM_UP
from hsbench.fit.recipe import Recipe
from hsbench.fit.update import Work
from hsbench.models.base import CHECKPOINT
from hsbench.models.hypersound import ramp
from hsbench.models.training_sanity import SANITY_CLIPS, training_sanity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hsbench.models.base import Context, Training
    from hsbench.models.hypersound.network import HyperSoundNetwork
    from hsbench.models.hypersound.step import TrainingStep


def train(
    network: HyperSoundNetwork,
    clips: Training,
    context: Context,
    step: TrainingStep,
    warmup_first_epoch: int | None = None,
) -> dict[str, Any]:
    """Train a network in place.

    Args:
        network: the network, initialised and on its device.
        clips: clips of the training split.
        context: seed, settings and folders of the run.
        step: training step of the network.
        warmup_first_epoch: number of the first epoch in the warm-up of the frequency weighting; None without one. While
            it lasts, the loss is another function in every epoch, and steps are not recorded as a CUDA graph.

    Returns:
        Facts: steps, clips_seen (training crops over all steps), and those of `sanity`.

    Raises:
        UsageError: there are no training clips, or a setting is out of range.
    """
    training = context.training
    if training["train_clips"] is not None:
        clips = clips.first(training["train_clips"])
    if len(clips) == 0:
        raise UsageError(
            "training expects clips in the train split, and the corpus has none there; use a larger corpus."
        )
    device = next(network.parameters()).device
    batches = _batches(clips, context, device)
    set_factor = _factor_setter(network, training)

    def drawn(number: int) -> tuple[torch.Tensor, ...]:
        """Return what the batch of a step is made from and, where the loss sees a window of each crop, its samples."""
        chosen = batches.windows(number, training["coordinates"])
        return batches.drawn(number) if chosen is None else (*batches.drawn(number), chosen)

    def warmup_epoch(number: int) -> float:
        """Return the epochs for which the frequency weighting has grown at a step."""
        # The loss knows a warm-up of WARM_UP epochs. A budget with a shorter warm-up counts its epochs faster.
        epoch = (warmup_first_epoch or 0) + number // batches.per_epoch
        return WARM_UP * epoch / float(max(1, training["warmup_epochs"]))

    def gradients(
        epoch: float,
        places: torch.Tensor,
        keys: torch.Tensor,
        frequency: torch.Tensor,
        chosen: torch.Tensor | None = None,
    ) -> torch.Tensor:
        return step(batches.crops(places, keys, frequency), chosen, epoch)

    def plain_step(number: int) -> torch.Tensor:
        set_factor(number // batches.per_epoch)
        return gradients(warmup_epoch(number), *drawn(number))

    def recordable(number: int) -> Work | None:
        """Return the work of a step, or None while the frequency weighting grows from step to step."""
        set_factor(number // batches.per_epoch)  # a tensor that the recorded step reads at its place
        weighted = warmup_first_epoch is not None and warmup_epoch(number) < WARM_UP
        return None if weighted else Work(partial(gradients, WARM_UP), drawn(number))

    recipe = _recipe(context, batches.per_epoch)
    hooks = loop.Hooks(
        record=context.record,
        progress=lambda done: context.progress(done, recipe.updates),
        checkpoint=context.kept / CHECKPOINT,
        compiling=context.compiling if context.fast else None,
    )
    recorded = recordable if context.fast and distributed.world() == 1 else None
    loop.optimise(dict(network.named_parameters()), plain_step, recipe, hooks, recorded)
    set_factor(training["epochs"] - 1)  # a training that is resumed after its last step makes no step
    counts = {"steps": recipe.updates, "clips_seen": recipe.updates * training["batch"]}
    with compilation.uncompiled(context.fast):
        return {**counts, **sanity(clips, step)}


def _factor_setter(network: HyperSoundNetwork, training: Mapping[str, Any]) -> Callable[[int], float]:
    """Return a function that sets a network's factor of generated parameters to that of an epoch, and returns it."""
    buffer = network.factor
    if buffer is None:
        return lambda _epoch: 1.0
    length = ramp.length(training)

    def set_factor(epoch: int) -> float:
        factor = ramp.factor(epoch, length)
        buffer.fill_(factor)
        return factor

    return set_factor


def _batches(clips: Training, context: Context, device: torch.device) -> Batches:
    """Return the batches of the training, after checking the settings that they depend on."""
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


def _recipe(context: Context, per_epoch: int) -> Recipe:
    """Return the optimiser's settings; the schedule "protocol" stands for the one that the protocol switch names."""
    training = context.training
    steps, schedule = training["epochs"] * per_epoch, training["schedule"]
    return Recipe(
        steps,
        steps,
        context.switches["hyper_schedule"] if schedule == "protocol" else schedule,
        float(training["learning_rate"]),
        per_epoch,
        training["weight_decay"],
        cycle_momentum=True,
        clip_norm=training["clip_norm"],
    )


@torch.no_grad()
def sanity(clips: Training, step: TrainingStep) -> dict[str, Any]:
    """Return the facts of hsbench.models.training_sanity for the first training clips of a trained network."""
    clips_checked = [clip.waveform for clip in clips.first(SANITY_CLIPS)]
    reference = torch.from_numpy(np.stack(clips_checked)).to(step.features.device)
    estimate = torch.cat([step.reconstruct(part) for part in torch.split(reference, step.micro)])
    return training_sanity(reference, estimate, lambda x, y: step.loss(x, y, 0))
