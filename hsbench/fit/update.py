"""One update of the parameters: gradients, their average over all processes, clipping, and the optimiser.

On a CUDA device nothing in here waits for the device: the learning rate is a tensor there, the norm for clipping stays
on the device, and updates that do the same work are one CUDA graph (hsbench.fit.graphs). A training whose steps
alternate between a few kinds of work has one graph for each kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch

from hsbench.fit import distributed
from hsbench.fit.graphs import Recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hsbench.fit.recipe import Recipe


@dataclass(frozen=True)
class Work:
    """What a step does, in a form that can be recorded.

    Attributes:
        gradients: inputs -> losses, detached; sets the gradients of the parameters. It obeys the rules of
            hsbench.fit.graphs.Recorded.
        inputs: tensors, of the same shapes for all steps of a kind.
        kind: all steps of a kind do the same work, and the recording of the first one is replayed for the others.
    """

    gradients: Callable[..., torch.Tensor]
    inputs: tuple[torch.Tensor, ...]
    kind: str = ""


class Update:
    """Update parameters in place by AdamW (epsilon 1e-8), which without decay is Adam.

    Args:
        parameters: name -> tensor that requires a gradient.
        step: takes the step number, sets the gradients of the parameters, and returns the losses, detached.
        recipe: learning-rate schedule and optimiser settings.
        recordable: step number -> the same step in a form that can be recorded, or None for a step that is not to be
            recorded; None where no step is.
        buffers: other tensors that steps change.
        compiling: called with 0 before the first step of each kind and with 1 after it, since torch compiles networks
            there; None where nothing is compiled.

    Attributes:
        optimiser: AdamW, whose moments a checkpoint holds.
    """

    def __init__(
        self,
        parameters: Mapping[str, torch.Tensor],
        step: Callable[[int], torch.Tensor],
        recipe: Recipe,
        recordable: Callable[[int], Work | None] | None = None,
        buffers: Iterable[torch.Tensor] = (),
        compiling: Callable[[int], None] | None = None,
    ) -> None:
        self.parameters, self.buffers = list(parameters.values()), list(buffers)
        self.step, self.recipe, self.recordable = step, recipe, recordable
        self.optimiser = _optimiser(self.parameters, recipe)
        self.compiling = compiling
        self._begun: set[str | None] = set()
        self._recorded: dict[str, Recorded] = {}
        self._pool = torch.cuda.graph_pool_handle() if self.parameters[0].is_cuda else None

    def __call__(self, number: int) -> torch.Tensor:
        """Make the update of a step and return its losses."""
        self._set(*self.recipe.at(number))
        work = None if self.recordable is None else self.recordable(number)
        kind = None if work is None else work.kind
        if self.compiling is None or kind in self._begun:
            return self._updated(number, work)
        self.compiling(0)
        losses = self._updated(number, work)
        self.compiling(1)
        self._begun.add(kind)
        return losses

    def _updated(self, number: int, work: Work | None) -> torch.Tensor:
        """Make the update of a step from its work, or without recording where there is none."""
        if work is None:
            self.optimiser.zero_grad(set_to_none=True)
            losses = self.step(number)
            distributed.average_gradients(self.parameters)
            self._clip()
            self.optimiser.step()
            return losses
        if work.kind not in self._recorded:
            self._recorded[work.kind] = self._recording(work)
        losses = self._recorded[work.kind](*work.inputs)
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

    def _recording(self, work: Work) -> Recorded:
        """Return the recording of a kind of work."""
        changed = [*self.parameters, *self._moments()] if self._whole else []
        whole = partial(self._gradients_and_update, work.gradients)
        return Recorded(whole, self.parameters, changed + self.buffers, self._pool)

    def _gradients_and_update(self, gradients: Callable[..., torch.Tensor], *inputs: torch.Tensor) -> torch.Tensor:
        """Do all work of a step that can be recorded."""
        losses = gradients(*inputs)
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
