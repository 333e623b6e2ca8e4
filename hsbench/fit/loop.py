"""The training loop: steps, learning rate, optimiser, learning curve, checkpoints.

The loop takes named parameters and a step function that sets their gradients; it is the same for every model. A fit
can be resumed at any moment: it depends on the step number, the parameters, the optimiser's moments and the buffers
that steps change, and the checkpoint holds all of these. Random numbers are the step function's own, keyed by the step.

Several optimisations (for example of a generator and a discriminator) can alternate in one loop: a parameter that gets
no gradient in a step is not changed in that step and does not count it.
"""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from hsbench.errors import DataError
from hsbench.fit import checkpoint, distributed
from hsbench.fit.update import Update

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from hsbench.fit.recipe import Recipe
    from hsbench.fit.update import Work


CHECKPOINT_SECONDS = float(os.environ.get("HSBENCH_CHECKPOINT_SECONDS", "30"))
PATIENCE = 20
"""Minimum interval between checkpoints, as a multiple of the time that writing one takes; the larger of both holds."""
MOMENTS = {"mean": "exp_avg", "square": "exp_avg_sq", "step": "step"}
"""State of a parameter: name in a checkpoint -> name in torch's optimiser. Each parameter counts its own steps."""


@dataclass(frozen=True)
class Hooks:
    """Where learning curve, progress and checkpoints go.

    Attributes:
        record: takes one row of the learning curve: step, loss, lr (learning rate), seconds.
        progress: takes the number of steps that are done.
        checkpoint: file of the running fit's checkpoint, or None for no checkpoint.
        buffers: name -> tensor that steps change besides the parameters, such as running means.
        compiling: called with 0 before the first step of each kind and with 1 after it, since torch compiles networks
            there; None where nothing is compiled.
    """

    record: Callable[[Mapping[str, Any]], None]
    progress: Callable[[int], None]
    checkpoint: Path | None = None
    buffers: Mapping[str, torch.Tensor] = field(default_factory=dict)
    compiling: Callable[[int], None] | None = None


def optimise(
    parameters: Mapping[str, torch.Tensor],
    step: Callable[[int], torch.Tensor],
    recipe: Recipe,
    hooks: Hooks,
    recordable: Callable[[int], Work | None] | None = None,
) -> float:
    """Minimise a loss over `parameters` in place by AdamW (epsilon 1e-8), which without decay is Adam.

    Where several processes train together, gradients are averaged over them, and all make the same update.

    Args:
        parameters: name -> tensor that requires a gradient.
        step: takes the step number (from 0), sets the gradients of the parameters, and returns the losses, detached.
        recipe: number of steps, learning-rate schedule and optimiser settings.
        hooks: where curve, progress and checkpoints go.
        recordable: takes the step number and returns the same step in a form that can be recorded as a CUDA graph, or
            None for a step that is not to be recorded; None where no step is.

    Returns:
        Seconds of optimisation, including those before an interruption.
    """
    update = Update(parameters, step, recipe, recordable, hooks.buffers.values(), hooks.compiling)
    first, before = _resume(parameters, update.optimiser, hooks)
    start = saved = time.perf_counter()
    cost = 0.0
    every = max(1, recipe.steps // 100)
    for number in range(first, recipe.updates):
        losses = update(number)
        now = time.perf_counter()
        if number % every == 0 or number == recipe.updates - 1:
            loss = float(distributed.mean(losses.double().nanmean()))
            seconds = round(before + now - start, 3)
            row = {"step": number, "loss": loss if math.isfinite(loss) else None, "lr": recipe.at(number)[0]}
            hooks.record({**row, "seconds": seconds})
        hooks.progress(number + 1)
        if hooks.checkpoint is not None and now - saved > max(CHECKPOINT_SECONDS, PATIENCE * cost):
            _save(parameters, update.optimiser, hooks, number + 1, before + now - start)
            saved = time.perf_counter()
            cost = saved - now
    return before + time.perf_counter() - start


def _save(
    parameters: Mapping[str, torch.Tensor], optimiser: torch.optim.Optimizer, hooks: Hooks, step: int, seconds: float
) -> None:
    if distributed.rank() > 0 or hooks.checkpoint is None:
        return
    tensors = {f"{name}.buffer": buffer for name, buffer in hooks.buffers.items()}
    for name, parameter in parameters.items():
        state = optimiser.state[parameter]
        if state:  # a parameter that no step ever touched has no moments
            tensors |= {f"{name}.{short}": state[key] for short, key in MOMENTS.items()}
        tensors[name] = parameter
    checkpoint.write(hooks.checkpoint, tensors, {"step": step, "seconds": seconds})


def _resume(
    parameters: Mapping[str, torch.Tensor], optimiser: torch.optim.Optimizer, hooks: Hooks
) -> tuple[int, float]:
    """Restore a checkpoint where there is one; return the step to go on with and the seconds spent so far."""
    saved = None if hooks.checkpoint is None else checkpoint.read(hooks.checkpoint)
    if saved is None:
        return 0, 0.0
    tensors, numbers = saved
    _check(parameters, tensors, numbers, hooks)
    with torch.no_grad():
        for name, buffer in hooks.buffers.items():
            buffer.copy_(tensors[f"{name}.buffer"])
        for name, parameter in parameters.items():
            parameter.copy_(tensors[name])
            if f"{name}.mean" in tensors:
                optimiser.state[parameter] = {
                    key: _placed(tensors[f"{name}.{short}"], parameter) for short, key in MOMENTS.items()
                }
    return int(numbers["step"]), float(numbers["seconds"])


def _placed(moment: torch.Tensor, parameter: torch.Tensor) -> torch.Tensor:
    """Return a moment on the device of its parameter, and laid out in memory as the parameter is."""
    if not moment.dim():  # the number of steps
        return moment.to(parameter.device)
    return torch.empty_like(parameter).copy_(moment)


def _check(
    parameters: Mapping[str, torch.Tensor],
    tensors: Mapping[str, torch.Tensor],
    numbers: Mapping[str, Any],
    hooks: Hooks,
) -> None:
    """Refuse the checkpoint of another fit."""
    shapes = {name: value.shape for name, value in tensors.items()}
    wanted = {**parameters, **{f"{name}.buffer": buffer for name, buffer in hooks.buffers.items()}}
    fits = all(shapes.get(name) == value.shape for name, value in wanted.items())
    for name, value in parameters.items():
        moments = [shapes.get(f"{name}.{moment}") for moment in MOMENTS]
        fits = fits and moments in ([None, None, None], [value.shape, value.shape, torch.Size()])
    counted = all(isinstance(numbers.get(name), int | float) for name in ("step", "seconds"))
    if not fits or not counted or numbers["step"] < 0:
        raise DataError(
            f"{hooks.checkpoint} is no checkpoint of this fit; remove it with: hsbench clean --checkpoints --yes"
        )
