"""The loop: steps, learning rate, optimiser, curve, checkpoint. It knows parameters and a step function and no model.

A fit is resumable at any moment: all that it depends on is the step number, the parameters and the optimiser's
moments, and those are in the checkpoint. Randomness is the step function's, keyed by the step.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from hsbench.fit import checkpoint
from hsbench.fit.schedule import schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Recipe:
    """How to optimise.

    Attributes:
        steps: of the schedule.
        updates: optimiser updates to make; fewer than steps leaves the last ones out.
        schedule: name in hsbench.fit.schedule.
        learning_rate: the rate, or the peak of a schedule that has one.
    """

    steps: int
    updates: int
    schedule: str
    learning_rate: float


@dataclass(frozen=True)
class Hooks:
    """What the loop tells the world.

    Attributes:
        record: takes one row of the learning curve: step, loss, lr, seconds.
        progress: takes the number of steps done.
        checkpoint: file of the running fit, or None for no checkpoint.
        checkpoint_seconds: least time between two checkpoints.
    """

    record: Callable[[Mapping[str, Any]], None]
    progress: Callable[[int], None]
    checkpoint: Path | None = None
    checkpoint_seconds: float = 30.0


def optimise(
    parameters: Mapping[str, torch.Tensor], step: Callable[[int], torch.Tensor], recipe: Recipe, hooks: Hooks
) -> float:
    """Adam (0.9, 0.999, no decay) over `parameters`, in place.

    Args:
        parameters: name -> leaf tensor that requires a gradient.
        step: given the step number from 0, adds that step's gradients to the parameters and gives the losses, detached.
        recipe: how many steps at which rate.
        hooks: where curve, progress and checkpoints go.

    Returns:
        Seconds of optimisation, those before an interruption included.
    """
    optimiser = torch.optim.Adam(parameters.values(), lr=recipe.learning_rate, fused=True)
    rate = schedule(recipe.schedule)
    first, before = _resume(parameters, optimiser, hooks.checkpoint)
    start = saved = time.perf_counter()
    every = max(1, recipe.steps // 100)
    for number in range(first, recipe.updates):
        lr = rate(number, recipe.steps, recipe.learning_rate)
        optimiser.param_groups[0]["lr"] = lr
        optimiser.zero_grad(set_to_none=True)
        losses = step(number)
        optimiser.step()
        now = time.perf_counter()
        if number % every == 0 or number == recipe.updates - 1:
            loss = float(losses.double().nanmean())
            seconds = round(before + now - start, 3)
            hooks.record({"step": number, "loss": loss if math.isfinite(loss) else None, "lr": lr, "seconds": seconds})
        hooks.progress(number + 1)
        if hooks.checkpoint is not None and now - saved > hooks.checkpoint_seconds:
            _save(parameters, optimiser, hooks.checkpoint, number + 1, before + now - start)
            saved = now
    return before + time.perf_counter() - start


def _save(
    parameters: Mapping[str, torch.Tensor],
    optimiser: torch.optim.Optimizer,
    path: Path,
    step: int,
    seconds: float,
) -> None:
    tensors: dict[str, torch.Tensor] = {}
    for name, parameter in parameters.items():
        state = optimiser.state[parameter]
        tensors |= {name: parameter, f"{name}.mean": state["exp_avg"], f"{name}.square": state["exp_avg_sq"]}
    checkpoint.write(path, tensors, {"step": step, "seconds": seconds})


def _resume(
    parameters: Mapping[str, torch.Tensor], optimiser: torch.optim.Optimizer, path: Path | None
) -> tuple[int, float]:
    """Put a checkpoint back; the step to go on with and the seconds spent so far."""
    found = None if path is None else checkpoint.read(path)
    if found is None:
        return 0, 0.0
    tensors, numbers = found
    for name, parameter in parameters.items():
        with torch.no_grad():
            parameter.copy_(tensors[name])
        optimiser.state[parameter] = {
            "step": torch.tensor(float(numbers["step"]), device=parameter.device),
            "exp_avg": tensors[f"{name}.mean"].to(parameter.device),
            "exp_avg_sq": tensors[f"{name}.square"].to(parameter.device),
        }
    return int(numbers["step"]), float(numbers["seconds"])
