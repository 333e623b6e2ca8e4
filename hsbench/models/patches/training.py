"""Training of patch-wise INRs by the shared loop, and the sanity check of the trained network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from hsbench import cores
from hsbench.errors import UsageError
from hsbench.fit import compilation, distributed, loop
from hsbench.fit.batches import Batches
from hsbench.fit.recipe import Recipe
from hsbench.fit.update import Work
from hsbench.models.base import CHECKPOINT
from hsbench.models.patches.crops import PatchCrops
from hsbench.models.patches.tiles import Tiles
from hsbench.models.training_sanity import SANITY_CLIPS, training_sanity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hsbench.models.base import Context, Training


class Step(Protocol):
    """A training step: set the gradients of a step from its patches, [patches, samples], and return its loss."""

    def __call__(self, patches: torch.Tensor) -> torch.Tensor:
        """Set the gradients of a step and return its loss, detached."""
        ...

    def compile(self, backend: str = "inductor") -> None:
        """Let torch compile what is computed for the patches; the reconstruction of clips stays as it is."""
        ...


class Trainable(Protocol):
    """What the training needs of a model; see hsbench.models.patches.model.PatchModel for each part."""

    patch: int
    tile: int

    @property
    def trained(self) -> torch.nn.Module:
        """The network."""
        ...

    def run(self) -> int:
        """Return how many successive patches a training window holds."""
        ...

    def step(self, tiles: Tiles, context: Context) -> Step:
        """Return the training step."""
        ...

    def rebuilt(
        self, waveform: NDArray[np.float32], context: Context, threads: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return latents and estimate of a clip."""
        ...


def train(model: Trainable, clips: Training, context: Context, device: torch.device) -> dict[str, Any]:
    """Train the network of a model in place.

    The whole training runs on one thread of torch, and the tiles of a step on `context.threads` threads of our own, so
    the trained network is bit-equal for every number of threads.

    Args:
        model: the model, whose network is initialised and on its device.
        clips: clips of the training split.
        context: seed, settings and folders of the run.
        device: device of the network.

    Returns:
        Facts: steps, clips_seen (training crops over all steps), and those of hsbench.models.training_sanity with the
        root-mean-square error as the loss.

    Raises:
        UsageError: there are no training clips, or a setting is out of range.
    """
    training = _checked(context.training)
    if len(clips) == 0:
        raise UsageError(
            "training expects clips in the train split, and the corpus has none there; use a larger corpus."
        )
    steps, batch = max(1, round(training["share"] * training["steps"])), training["batch"]
    batches = Batches(
        clips.passages(),
        context.samples,
        context.sample_rate,
        batch,
        batch * max(1, len(clips) // batch),
        context.key,
        device,
        augment=training["augment"],
    )
    patches = PatchCrops(batches, model.patch, training["patches"], model.run(), context.key)
    recipe = Recipe(
        steps,
        steps,
        training["schedule"],
        float(training["learning_rate"]),
        weight_decay=training["weight_decay"],
        clip_norm=training["clip_norm"],
    )
    hooks = loop.Hooks(
        record=context.record,
        progress=lambda done: context.progress(done, steps),
        checkpoint=context.kept / CHECKPOINT,
        compiling=context.compiling if context.fast else None,
    )
    with cores.claimed() as threads:
        step = model.step(Tiles(device, threads, model.tile), context)
        if context.fast:
            compilation.keep_code()
            step.compile()
        loop.optimise(
            dict(model.trained.named_parameters()),
            lambda number: step(patches(number)),
            recipe,
            hooks,
            (lambda number: Work(step, (patches(number),))) if context.fast else None,
        )
        return {"steps": steps, "clips_seen": steps * batch, **_sanity(model, clips, context, threads)}


def _checked(training: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the training settings after checking their ranges."""
    for name in ("steps", "batch", "patches"):
        if not isinstance(training[name], int) or training[name] < 1:
            raise UsageError(f"{name} expects a whole number from 1, got {training[name]!r}.")
    if not 0 < training["share"] <= 1:
        raise UsageError(f"share expects a number above 0 and at most 1, got {training['share']!r}.")
    if distributed.world() > 1:
        raise UsageError("patch-wise INRs train in one process; use --processes 1.")
    return training


@torch.no_grad()
def _sanity(model: Trainable, clips: Training, context: Context, threads: int) -> dict[str, Any]:
    """Return the facts of hsbench.models.training_sanity for the first training clips."""
    reference = [clip.waveform for clip in clips.first(SANITY_CLIPS)]
    estimates = [model.rebuilt(waveform, context, threads)[1] for waveform in reference]
    return training_sanity(
        torch.from_numpy(np.stack(reference)),
        torch.from_numpy(np.stack(estimates)),
        lambda x, y: (x - y).square().mean().sqrt(),
    )
