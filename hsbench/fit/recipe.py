"""How to optimise: steps, learning-rate schedule, and the settings of AdamW."""

from __future__ import annotations

from dataclasses import dataclass

from hsbench.fit.schedule import schedule


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
