"""A learned start of individual INRs: initial parameters near those that fit the clips of the training split.

Reptile (Nichol, Achiam and Schulman 2018, arXiv 1803.02999), which Tancik et al. (2021, arXiv 2012.02189) use for
coordinate networks. With theta the start, x a clip, and U_k(theta, x) the parameters after k steps of its own fit from
theta, an outer step is

    phi_x = U_k(theta, x) for each clip x of the batch,    theta <- Adam(theta, g),    g = theta - mean over x of phi_x.

Why g is used as a gradient: with plain steps of rate a, phi_x = theta - a (g_1 + ... + g_k), where g_i is the gradient
of the clip's loss in step i. So g is a times the sum of these gradients, averaged over the clips: it lowers the loss at
the start and, since g_2, ..., g_k are taken along the path, also the loss after further steps. It is zero where the
paths of the clips cancel, which is a start in the middle of the clips. No second derivative is needed.

The inner steps are those of the fit: Adam with fresh moments, and other random coordinates in each step. First-order
MAML (Finn, Abbeel and Levine 2017, arXiv 1703.03400) takes the gradient at phi_x alone instead, and fits Adam less
well. The first steps of Adam have the length of the rate, whatever the gradient, so all clips move alike, and the
start comes to lie beside the good parameters at the distance of exactly k steps.

Both rates have to be small beside the weights, which a SIREN of 90 units draws from +-0.0086: with outer or inner
steps of 1e-3 the start unlearns its features and becomes silence, from which fits hardly get away.

On a CPU the start is bit-equal for every number of threads, since the inner steps are (hsbench.models.inr.steps) and
the clips are added in the order of the batch.
"""

from __future__ import annotations

import functools
import math
import time
from typing import TYPE_CHECKING, Any

import torch

from hsbench.errors import DataError, UsageError
from hsbench.fit import checkpoint, distributed, loop
from hsbench.fit.batches import Batches
from hsbench.fit.recipe import Recipe
from hsbench.models.base import CHECKPOINT, NETWORK
from hsbench.models.inr.coordinates import Coordinates
from hsbench.models.targets.base import grid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from hsbench.models.base import Context, Training
    from hsbench.models.inr.steps import Step
    from hsbench.models.targets.base import TargetNet

    Parameters = Mapping[str, torch.Tensor]
    Build = Callable[[Parameters, Coordinates], Step]
    """(parameters {name: [batch, *shape]}, coordinates of each step) -> the steps of a device."""


def learned(
    net: TargetNet, initial: Parameters, build: Build, clips: Training, context: Context
) -> tuple[Parameters, dict[str, Any]]:
    """Learn a start, or load it from context.kept where an earlier process has learned it.

    Args:
        net: target network.
        initial: {name: [*shape]}, the random parameters that the training starts from, on the device.
        build: returns the steps of several clips.
        clips: clips of the training split.
        context: seed, settings and folders of the run.

    Returns:
        The start, {name: [*shape]}, and facts: steps (outer), clips_seen, total (numbers of the start), loss and
        loss_random (mean loss of training clips after the inner steps from the start and from `initial`), status
        ("diverged" where the loss is not finite) and seconds.

    Raises:
        UsageError: there are no training clips, or a setting is out of range.
        DataError: the start in context.kept belongs to another network.
    """
    file = context.kept / NETWORK
    if (saved := checkpoint.read(file)) is not None:
        _check_tensors(saved[0], initial, file)
        return saved
    _check_settings(context)
    if len(clips) == 0:
        raise UsageError(
            "a learned start expects clips in the train split, and the corpus has none there; "
            "use a larger corpus, or start=random."
        )
    begun = time.perf_counter()
    start = {name: value.clone().requires_grad_() for name, value in initial.items()}
    outer, recipe = OuterStep(net, start, build, clips, context), _recipe(context)
    hooks = loop.Hooks(
        record=context.record,
        progress=lambda done: context.progress(done, recipe.updates),
        checkpoint=context.kept / CHECKPOINT,
    )
    loop.optimise(start, outer, recipe, hooks)
    result = {name: value.detach() for name, value in start.items()}
    facts = {
        "steps": recipe.updates,
        "clips_seen": recipe.updates * context.training["start_batch"],
        "total": net.count(),
        **_losses(outer, result, initial),
        "seconds": round(time.perf_counter() - begun, 1),
    }
    if distributed.rank() == 0:
        checkpoint.write(file, result, facts)
        (context.kept / CHECKPOINT).unlink(missing_ok=True)
    return result, facts


class OuterStep:
    """An outer step: fit each clip of a batch for a few steps, and point the gradient away from where they end.

    Args:
        net: target network.
        start: {name: [*shape]}, the start, whose gradients are set.
        build: returns the steps of several clips.
        clips: clips of the training split.
        context: seed and settings of the run.
    """

    def __init__(self, net: TargetNet, start: Parameters, build: Build, clips: Training, context: Context) -> None:
        self.start, self.build, self.context = start, build, context
        training, device = context.training, next(iter(start.values())).device
        self.features = net.features(grid(context.samples)).to(device)
        self.batches = Batches(
            clips.passages(),
            context.samples,
            context.sample_rate,
            training["start_batch"],
            training["start_batch"] * training["start_steps"],
            self._key,
            device,
            augment=False,
            rank=distributed.rank(),
            world=distributed.world(),
        )

    def __call__(self, number: int) -> torch.Tensor:
        """Set the gradients of the start; return the loss of each clip in its last inner step, [batch]."""
        steps = self.fitted(self.start, number)
        for name, ends in steps.result().items():
            start = self.start[name]
            start.grad = start.detach() - functools.reduce(torch.add, ends.unbind()) / len(ends)
        return steps.losses

    def fitted(self, start: Parameters, number: int) -> Step:
        """Fit the clips of an outer step's batch from a start, for the inner steps.

        Args:
            start: {name: [*shape]}.
            number: number of the outer step, which determines clips and coordinates.
        """
        target, training = self.batches(number), self.context.training
        drawn = min(training["start_coordinates"], self.context.samples)
        coordinates = Coordinates(self.features, target, drawn, functools.partial(self._key, "step", number))
        copies = {name: value.detach().expand(len(target), *value.shape) for name, value in start.items()}
        steps = self.build(copies, coordinates)
        rate, parameters = float(training["start_inner_rate"]), list(steps.parameters.values())
        optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.0, fused=True)
        for inner in range(training["start_inner_steps"]):
            optimiser.zero_grad(set_to_none=True)
            steps(inner)
            optimiser.step()
        return steps

    def _key(self, *purpose: object) -> int:
        """Return a seed for a purpose of the training, other than those of the clips' own fits."""
        return self.context.key("start", *purpose)


def _losses(outer: OuterStep, start: Parameters, initial: Parameters) -> dict[str, Any]:
    """Return the facts loss, loss_random and status, from the batch of the first outer step."""
    losses = {"loss": start, "loss_random": initial}
    means = {name: float(distributed.mean(outer.fitted(one, 0).losses.mean())) for name, one in losses.items()}
    status = "ok" if math.isfinite(means["loss"]) else "diverged"
    return {**{name: round(loss, 6) if math.isfinite(loss) else None for name, loss in means.items()}, "status": status}


def _recipe(context: Context) -> Recipe:
    steps = context.training["start_steps"]
    return Recipe(steps, steps, "one_cycle", float(context.training["start_rate"]))


def _check_tensors(tensors: Parameters, initial: Parameters, file: Path) -> None:
    """Refuse the start of another network."""
    if {name: value.shape for name, value in tensors.items()} != {name: one.shape for name, one in initial.items()}:
        numbers = sum(value.numel() for value in initial.values())
        raise DataError(
            f"{file} should hold the start of a network of {numbers} parameters, and its tensors have other names or "
            "shapes; restore it or train again."
        )


def _check_settings(context: Context) -> None:
    for name in ("start_steps", "start_batch", "start_inner_steps", "start_coordinates"):
        value = context.training[name]
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise UsageError(f"{name} expects a whole number from 1, got {value!r}.")
    for name in ("start_rate", "start_inner_rate"):
        value = context.training[name]
        if not isinstance(value, int | float) or not 0 < value < math.inf:
            raise UsageError(f"{name} expects a positive learning rate, got {value!r}.")
