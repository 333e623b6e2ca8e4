"""Training of RAVE v1 by the shared harness: Adam with betas 0.5 and 0.9, for both players."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hsbench.errors import UsageError
from hsbench.fit import distributed, loop
from hsbench.fit.batches import Batches
from hsbench.models.base import CHECKPOINT
from hsbench.models.judged import JUDGED, judged
from hsbench.models.rave.discriminators import Discriminators
from hsbench.models.rave.encoder import RATIO
from hsbench.models.rave.losses import spectral_distance
from hsbench.models.rave.step import TrainingStep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hsbench.models.base import Context, Training
    from hsbench.models.rave.network import Rave

BETAS = (0.5, 0.9)
LEAST = 9 * RATIO
"""Samples of a training signal: its sub-bands must be longer than half the largest window."""


def train(network: Rave, clips: Training, context: Context) -> dict[str, Any]:
    """Train a network in place, on its device.

    Returns:
        Facts: steps, clips_seen, and those of hsbench.models.judged by the full-band spectral distance.

    Raises:
        UsageError: there is nothing to train on, or a setting is out of range.
    """
    training = _checked(context.training)
    if training["train_clips"] is not None:
        clips = clips.first(training["train_clips"])
    if len(clips) == 0:
        raise UsageError("training expects clips in the train split, and the corpus has none there; use a larger one.")
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
        critics = Discriminators(training["discriminator_capacity"]).to(device)
    step = TrainingStep(network, critics, training["phase_1_steps"], training["beta"], context.key)
    steps = training["steps"]
    recipe = loop.Recipe(steps, steps, "constant", float(training["learning_rate"]), betas=BETAS)
    players = {**dict(network.named_parameters()), **{f"critics.{k}": v for k, v in critics.named_parameters()}}
    hooks = loop.Hooks(
        record=context.record,
        progress=lambda done: context.progress(done, steps),
        checkpoint=context.kept / CHECKPOINT,
        buffers=dict(network.named_buffers()),
    )
    loop.optimise(players, lambda number: step(number, batches(number)), recipe, hooks)
    return {"steps": steps, "clips_seen": steps * training["batch"], **_judge(network, clips, device)}


def _checked(training: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in ("steps", "phase_1_steps", "batch", "capacity", "discriminator_capacity", "signal"):
        if not isinstance(training[name], int) or training[name] < 1:
            raise UsageError(f"{name} expects a whole number from 1, got {training[name]!r}.")
    if training["signal"] % RATIO or training["signal"] < LEAST:
        raise UsageError(f"signal expects a multiple of {RATIO} samples from {LEAST}, got {training['signal']}.")
    if distributed.world() > 1:
        raise UsageError("rave-v1 trains in one process, since its batch norms see the whole batch; use --processes 1.")
    return training


@torch.no_grad()
def _judge(network: Rave, clips: Training, device: torch.device) -> dict[str, Any]:
    """By means and without noise; the clips are cut to whole frames."""
    network.eval()
    whole = np.stack([clip.waveform[: clip.waveform.size // RATIO * RATIO] for clip in clips.first(JUDGED)])
    waveform = torch.from_numpy(whole).to(device)
    played = [network.decode(network.encode(one[None], "mean"), "mean", noise=False) for one in waveform]
    # What comes back late is judged beside clips that are as late.
    late = torch.nn.functional.pad(waveform, (network.lag, 0))[:, : waveform.shape[1]]
    return judged(late, torch.cat(played), spectral_distance)
