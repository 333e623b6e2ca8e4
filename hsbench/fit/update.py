"""One update of the parameters: gradients, their average over all processes, clipping, and the optimiser.

On a CUDA device nothing in here waits for the device: the learning rate is a tensor there, the norm for clipping stays
on the device, and an update that does the same work at every step is one CUDA graph (hsbench.fit.graphs).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from hsbench.fit import distributed
from hsbench.fit.graphs import Recorded
from hsbench.fit.schedule import schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Recipe:
    """How to optimise.

    Attributes:
        steps: number of steps of the learning-rate schedule.
        updates: number of optimiser updates; where it is smaller than steps, the last ones are left out.
        schedule: name of the learning-rate schedule in hsbench.fit.schedule.
        learning_rate: the rate that the schedule scales.
        per_epoch: number of steps per epoch, for schedules that change the rate once per epoch.
        weight_decay: decoupled weight decay (AdamW) of every parameter.
        cycle_momentum: whether beta1 follows the schedule; otherwise it is the first of betas.
        clip_norm: largest norm of all gradients together, or None for no clipping.
        betas: decay rates of the running means of the gradient and of its square.
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
        """Return learning rate and beta1 of a step."""
        form = schedule(self.schedule)
        position = step // self.per_epoch if form.per_epoch else step
        beta1 = form.momentum(position, self.steps) if self.cycle_momentum else self.betas[0]
        return form.rate(position, self.steps, self.learning_rate), beta1

    @property
    def cycles_momentum(self) -> bool:
        """Whether beta1 changes during the training."""
        return self.cycle_momentum and schedule(self.schedule).peak is not None


@dataclass(frozen=True)
class Static:
    """The same step again in two parts, the second of which does the same work at every call and can be recorded.

    Attributes:
        inputs: step number -> tensors of the same shapes at every call; None for a step that does other work and is
            therefore not recorded.
        gradients: these tensors -> losses, detached; sets the gradients of the parameters.
    """

    inputs: Callable[[int], tuple[torch.Tensor, ...] | None]
    gradients: Callable[..., torch.Tensor]


class Update:
    """Update parameters in place by AdamW (epsilon 1e-8), which without decay is Adam.

    Args:
        parameters: name -> tensor that requires a gradient.
        step: takes the step number, sets the gradients of the parameters, and returns the losses, detached.
        recipe: learning-rate schedule and optimiser settings.
        static: the same step in a form that can be recorded; None where it is not to be recorded.

    Attributes:
        optimiser: AdamW, whose moments a checkpoint holds.
    """

    def __init__(
        self,
        parameters: Mapping[str, torch.Tensor],
        step: Callable[[int], torch.Tensor],
        recipe: Recipe,
        static: Static | None = None,
    ) -> None:
        self.parameters, self.step, self.recipe, self.static = list(parameters.values()), step, recipe, static
        self.optimiser = _optimiser(self.parameters, recipe)
        self._recorded: Recorded | None = None

    def __call__(self, number: int) -> torch.Tensor:
        """Make the update of a step and return its losses."""
        self._set(*self.recipe.at(number))
        inputs = None if self.static is None else self.static.inputs(number)
        if inputs is None:
            self.optimiser.zero_grad(set_to_none=True)
            losses = self.step(number)
            distributed.average_gradients(self.parameters)
            self._clip()
            self.optimiser.step()
            return losses
        if self._recorded is None:
            changed = [*self.parameters, *self._moments()] if self._whole else ()
            self._recorded = Recorded(self._gradients_and_update, self.parameters, changed)
        losses = self._recorded(*inputs)
        if not self._whole:
            self.optimiser.step()
        return losses

    @property
    def _whole(self) -> bool:
        """Whether the optimiser belongs to the recorded work.

        torch's fused AdamW takes the learning rate as a tensor and beta1 as a number, which a recording would repeat
        for ever. Where beta1 follows the schedule, the optimiser is called after each replay; it is queued behind the
        replay and the device does not wait for it.
        """
        return not self.recipe.cycles_momentum

    def _gradients_and_update(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Do all work of a step that can be recorded."""
        assert self.static is not None
        losses = self.static.gradients(*inputs)
        self._clip()
        if self._whole:
            self.optimiser.step()
        return losses

    def _clip(self) -> None:
        if self.recipe.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(self.parameters, self.recipe.clip_norm, foreach=True)

    def _set(self, lr: float, beta1: float) -> None:
        """Set learning rate and beta1."""
        group = self.optimiser.param_groups[0]
        group["betas"] = (beta1, group["betas"][1])
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(lr)
        else:
            group["lr"] = lr

    def _moments(self) -> list[torch.Tensor]:
        """Return the state of the optimiser, which is created here, as torch does at its first step, where it lacks.

        A recording must find it in place; else it would note the creation, and every replay would begin from zero.
        """
        for parameter in self.parameters:
            if not (state := self.optimiser.state[parameter]):
                state["step"] = torch.zeros((), dtype=torch.float32, device=parameter.device)
                for name in ("exp_avg", "exp_avg_sq"):
                    state[name] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
        return [value for parameter in self.parameters for value in self.optimiser.state[parameter].values()]


def _optimiser(parameters: list[torch.Tensor], recipe: Recipe) -> torch.optim.AdamW:
    """Return the optimiser; its learning rate is a tensor on a GPU, so that a new rate reaches a recorded step."""
    on_gpu = any(parameter.is_cuda for parameter in parameters)
    rate = torch.tensor(recipe.learning_rate, device=parameters[0].device) if on_gpu else recipe.learning_rate
    return torch.optim.AdamW(
        parameters, lr=rate, betas=recipe.betas, weight_decay=recipe.weight_decay, fused=True, capturable=on_gpu
    )
