"""Training of RAVE v1 by the shared loop: Adam with betas 0.5 and 0.9, for the network and its discriminators alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hsbench.errors import UsageError
from hsbench.fit import compilation, distributed, loop
from hsbench.fit.batches import Batches
from hsbench.fit.recipe import Recipe
from hsbench.models.base import CHECKPOINT
from hsbench.models.rave.discriminators import Discriminators
from hsbench.models.rave.encoder import RATIO
from hsbench.models.rave.losses import spectral_distance
from hsbench.models.rave.step import TrainingStep
from hsbench.models.training_sanity import SANITY_CLIPS, training_sanity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hsbench.models.base import Context, Training
    from hsbench.models.rave.network import Rave

BETAS = (0.5, 0.9)
MIN_SIGNAL = 9 * RATIO
"""Shortest training crop, in samples. The spectral distance reflects a signal at its ends over half of its longest
window of 2048, so it needs more than 1024 samples. A sub-band of 9 frames has 9 x 2048 / 16 = 1152, one of 8 only 1024.
"""


def train(network: Rave, clips: Training, context: Context) -> dict[str, Any]:
    """Train a network in place, on its device.

    Args:
        network: the network, initialised.
        clips: clips of the training split.
        context: seed, settings and folders of the run.

    Returns:
        Facts: steps, clips_seen (training crops over all steps), and those of hsbench.models.training_sanity with the
        full-band spectral distance as the loss.

    Raises:
        UsageError: there are no training clips, or a setting is out of range.
    """
    training = _checked(context.training)
    if training["train_clips"] is not None:
        clips = clips.first(training["train_clips"])
    if len(clips) == 0:
        raise UsageError(
            "training expects clips in the train split, and the corpus has none there; use a larger corpus."
        )
    device = next(network.parameters()).device
    batches = Batches(
        clips.passages(),
        training["signal"],
        context.sample_rate,
        training["batch"],
        training["batch"] * max(1, len(clips) // training["batch"]),
        context.key,
        device,
        augment=training["augment"],
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(context.key("critics"))
        discriminators = Discriminators(training["discriminator_capacity"]).to(device)
    step = TrainingStep(network, discriminators, training["phase_1_steps"], training["beta"], context.key)
    if context.fast:
        compilation.keep_code()
        step.compile()
    steps = training["steps"]
    recipe = Recipe(steps, steps, "constant", float(training["learning_rate"]), betas=BETAS)
    # "critics" stands for the discriminators in checkpoints and seeds, which must not change.
    parameters = dict(network.named_parameters())
    parameters |= {f"critics.{name}": parameter for name, parameter in discriminators.named_parameters()}
    hooks = loop.Hooks(
        record=context.record,
        progress=lambda done: context.progress(done, steps),
        checkpoint=context.kept / CHECKPOINT,
        buffers=dict(network.named_buffers()),
        compiling=context.compiling if context.fast else None,
    )
    loop.optimise(
        parameters,
        lambda number: step(number, batches(number)),
        recipe,
        hooks,
        (lambda number: step.work(number, batches(number))) if context.fast else None,
    )
    with compilation.uncompiled(context.fast):
        return {"steps": steps, "clips_seen": steps * training["batch"], **_sanity(network, clips, device)}


def _checked(training: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the training settings after checking their ranges."""
    for name in ("steps", "phase_1_steps", "batch", "capacity", "discriminator_capacity", "signal"):
        if not isinstance(training[name], int) or training[name] < 1:
            raise UsageError(f"{name} expects a whole number from 1, got {training[name]!r}.")
    if training["signal"] % RATIO or training["signal"] < MIN_SIGNAL:
        raise UsageError(f"signal expects a multiple of {RATIO} samples from {MIN_SIGNAL}, got {training['signal']}.")
    if distributed.world() > 1:
        raise UsageError("rave-v1 trains in one process: its batch norms need the whole batch; use --processes 1.")
    return training


@torch.no_grad()
def _sanity(network: Rave, clips: Training, device: torch.device) -> dict[str, Any]:
    """Return the facts of hsbench.models.training_sanity, for latents at their means and a generator without noise.

    The clips are cut to whole frames. The filter bank delays the estimates, so the references are delayed equally.
    """
    network.eval()
    whole = np.stack([clip.waveform[: clip.waveform.size // RATIO * RATIO] for clip in clips.first(SANITY_CLIPS)])
    waveform = torch.from_numpy(whole).to(device)
    estimates = [network.decode(network.encode(clip[None], "mean"), "mean", noise=False) for clip in waveform]
    delayed = torch.nn.functional.pad(waveform, (network.lag, 0))[:, : waveform.shape[1]]
    return training_sanity(delayed, torch.cat(estimates), spectral_distance)
