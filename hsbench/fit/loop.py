"""The loop: steps, learning rate, optimiser, curve, checkpoint. It knows parameters and a step function and no model.

A fit is resumable at any moment: all that it depends on is the step number, the parameters, the optimiser's moments
and the buffers that steps change, and those are in the checkpoint. Randomness is the step function's, keyed by step.

A parameter that a step gives no gradient rests in that step, so players that take turns share one loop.
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
from hsbench.fit.schedule import schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


CHECKPOINT_SECONDS = float(os.environ.get("HSBENCH_CHECKPOINT_SECONDS", "30"))
PATIENCE = 20
"""Least time between two checkpoints, the latter in times what writing one takes."""
MOMENTS = {"mean": "exp_avg", "square": "exp_avg_sq", "step": "step"}
"""Of a parameter: name in a checkpoint -> name in torch's optimiser. Players that take turns count their own steps."""


@dataclass(frozen=True)
class Recipe:
    """How to optimise.

    Attributes:
        steps: of the schedule.
        updates: optimiser updates to make; fewer than steps leaves the last ones out.
        schedule: name in hsbench.fit.schedule.
        learning_rate: the stated rate.
        per_epoch: steps of an epoch, for schedules that move once an epoch.
        weight_decay: decoupled, on every parameter.
        cycle_momentum: whether beta1 follows the schedule; else it is the first of betas.
        clip_norm: largest norm of all gradients together, or None.
        betas: decay of the two moments.
    """

    steps: int
    updates: int
    schedule: str
    learning_rate: float
    per_epoch: int = 1
    weight_decay: float = 0.0
    cycle_momentum: bool = False
    clip_norm: float | None = None
    betas: tuple[float, float] = (0.9, 0.999)

    def at(self, step: int) -> tuple[float, float]:
        """Learning rate and beta1 of a step."""
        form = schedule(self.schedule)
        position = step // self.per_epoch if form.per_epoch else step
        beta1 = form.momentum(position, self.steps) if self.cycle_momentum else self.betas[0]
        return form.rate(position, self.steps, self.learning_rate), beta1


@dataclass(frozen=True)
class Hooks:
    """What the loop tells the world.

    Attributes:
        record: takes one row of the learning curve: step, loss, lr, seconds.
        progress: takes the number of steps done.
        checkpoint: file of the running fit, or None for no checkpoint.
        buffers: name -> tensor that steps change besides the parameters, such as running means.
    """

    record: Callable[[Mapping[str, Any]], None]
    progress: Callable[[int], None]
    checkpoint: Path | None = None
    buffers: Mapping[str, torch.Tensor] = field(default_factory=dict)


def optimise(
    parameters: Mapping[str, torch.Tensor], step: Callable[[int], torch.Tensor], recipe: Recipe, hooks: Hooks
) -> float:
    """AdamW (epsilon 1e-8) over `parameters`, in place; without decay that is Adam.

    Of several processes, each gives its share's gradients, and all take the same step.

    Args:
        parameters: name -> leaf tensor that requires a gradient.
        step: given the step number from 0, adds that step's gradients to the parameters and gives the losses, detached.
        recipe: how many steps at which rate.
        hooks: where curve, progress and checkpoints go.

    Returns:
        Seconds of optimisation, those before an interruption included.
    """
    optimiser = _optimiser(parameters, recipe)
    first, before = _resume(parameters, optimiser, hooks)
    start = saved = time.perf_counter()
    cost = 0.0
    every = max(1, recipe.steps // 100)
    for number in range(first, recipe.updates):
        lr = _set(optimiser, *recipe.at(number))
        optimiser.zero_grad(set_to_none=True)
        losses = step(number)
        distributed.average_gradients(parameters.values())
        if recipe.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(parameters.values(), recipe.clip_norm, foreach=True)
        optimiser.step()
        now = time.perf_counter()
        if number % every == 0 or number == recipe.updates - 1:
            loss = float(distributed.mean(losses.double().nanmean()))
            seconds = round(before + now - start, 3)
            hooks.record({"step": number, "loss": loss if math.isfinite(loss) else None, "lr": lr, "seconds": seconds})
        hooks.progress(number + 1)
        if hooks.checkpoint is not None and now - saved > max(CHECKPOINT_SECONDS, PATIENCE * cost):
            _save(parameters, optimiser, hooks, number + 1, before + now - start)
            saved = time.perf_counter()
            cost = saved - now
    return before + time.perf_counter() - start


def _optimiser(parameters: Mapping[str, torch.Tensor], recipe: Recipe) -> torch.optim.AdamW:
    on_gpu = any(parameter.is_cuda for parameter in parameters.values())
    return torch.optim.AdamW(
        parameters.values(),
        lr=recipe.learning_rate,
        betas=recipe.betas,
        weight_decay=recipe.weight_decay,
        fused=True,
        capturable=on_gpu,
    )


def _set(optimiser: torch.optim.AdamW, lr: float, beta1: float) -> float:
    group = optimiser.param_groups[0]
    group["lr"], group["betas"] = lr, (beta1, group["betas"][1])
    return lr


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
    """Put a checkpoint back; the step to go on with and the seconds spent so far."""
    found = None if hooks.checkpoint is None else checkpoint.read(hooks.checkpoint)
    if found is None:
        return 0, 0.0
    tensors, numbers = found
    _check(parameters, tensors, numbers, hooks)
    with torch.no_grad():
        for name, buffer in hooks.buffers.items():
            buffer.copy_(tensors[f"{name}.buffer"])
        for name, parameter in parameters.items():
            parameter.copy_(tensors[name])
            if f"{name}.mean" in tensors:
                state = {key: tensors[f"{name}.{short}"].to(parameter.device) for short, key in MOMENTS.items()}
                optimiser.state[parameter] = state
    return int(numbers["step"]), float(numbers["seconds"])


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
