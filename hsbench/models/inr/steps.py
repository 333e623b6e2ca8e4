"""One optimisation step of several individual INRs: clip by clip on a CPU, as one batch on a GPU.

On a CPU a fit is bit-equal whatever is fitted beside it, however many clips are asked for and however many threads
there are. Floating-point addition is not associative, and a matrix product may add in another order when the number of
matrices, their position in memory or the number of threads changes; 300 steps amplify a last bit to whole decibels.
Four rules exclude that:

1. Each clip has parameter tensors of its own, so that their alignment in memory and the vector lanes of the optimiser
   do not depend on the clip's place in a group.
2. Every product has a fixed shape: one clip times TIMES coordinates (fewer only at the end of the clip), in one thread.
3. The coordinates of a clip are cut into at most RUNS runs of whole tiles, a number that does not know the threads. The
   gradients of the tiles of a run are added in order; the sums of the runs are added in order.
4. A thread works on whole runs. Which thread works on which run changes with their number; what is added to what does
   not.

Conventions: parameters {name: [batch, *shape]} float32, features [1, inputs, time], target [batch, time].
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch

from hsbench import cores
from hsbench.fit import precision
from hsbench.fit.update import Work
from hsbench.models.inr.rounding import NEVER
from hsbench.models.targets.form import form_of
from hsbench.models.targets.tiles import TILE, Tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hsbench.models.inr.rounding import Rounding
    from hsbench.models.targets.base import TargetNet
    from hsbench.models.targets.form import Form
    from hsbench.models.targets.tiles import Tile

    Loss = Callable[[torch.Tensor], torch.Tensor]
    Params = Mapping[str, torch.Tensor]
    Draw = Callable[[int], tuple[torch.Tensor, torch.Tensor]]
    """(step number) -> features and target at the coordinates of that step."""
    Sums = tuple[torch.Tensor, list[torch.Tensor]]
    """Loss, and the gradient of each parameter."""

TIMES = 1024
"""Coordinates of a tile: a layer's activations of one clip stay in cache."""
RUNS = 4
"""Runs of tiles that a clip is cut into at most, and so the threads that can work on one clip at once."""


class Step(Protocol):
    """A step of several clips.

    Attributes:
        losses: of the latest step, [batch].
        latest: output of the networks in the latest step and the target there, [batch, time] each.
    """

    losses: torch.Tensor
    latest: tuple[torch.Tensor, torch.Tensor]

    @property
    def parameters(self) -> Mapping[str, torch.Tensor]:
        """What the optimiser changes, by name."""
        ...

    def recordable(self, number: int) -> Work | None:
        """Return a step in a form that can be recorded as a CUDA graph; None for a step that is not to be recorded."""
        ...

    def __call__(self, number: int) -> torch.Tensor:
        """Set the gradients of the mean loss of each clip; return the losses [batch]."""
        ...

    def result(self) -> dict[str, torch.Tensor]:
        """Return the parameters of all clips: {name: [batch, *shape]}."""
        ...


class Run(NamedTuple):
    """Successive tiles of one clip."""

    clip: int
    number: int
    tiles: tuple[slice, ...]


class ClipSteps:
    """Steps on a CPU: each clip alone, bit-equal whatever the other clips and the number of threads.

    Args:
        net: target network.
        params: initial parameters of all clips.
        draw: chooses the coordinates of a step.
        loss: of residuals, elementwise.
        threads: number of runs that are worked on at once.
        policy: precision of hidden layers, see hsbench.fit.precision.
        rounding: rounds the parameters that late steps evaluate.
    """

    def __init__(
        self,
        net: TargetNet,
        params: Params,
        draw: Draw,
        loss: Loss,
        threads: int,
        policy: str = "fp32",
        rounding: Rounding = NEVER,
    ) -> None:
        self.net, self.draw, self.loss, self.threads, self.policy = net, draw, loss, threads, policy
        self.rounding = rounding
        batch = next(iter(params.values())).shape[0]
        self.losses = torch.zeros(batch)
        self.latest = torch.zeros(batch, 1), torch.zeros(batch, 1)
        self.clips = [
            {name: value[clip : clip + 1].detach().clone().requires_grad_() for name, value in params.items()}
            for clip in range(batch)
        ]

    @property
    def parameters(self) -> Mapping[str, torch.Tensor]:
        """The tensors of every clip, named "<clip>.<name>"."""
        return {f"{clip}.{name}": value for clip, params in enumerate(self.clips) for name, value in params.items()}

    def recordable(self, number: int) -> None:
        """Return None: steps on a CPU are not recorded."""
        del number

    def __call__(self, number: int) -> torch.Tensor:
        """Set the gradients of the mean loss of each clip; return the losses [batch]."""
        features, target = self.draw(number)
        self.latest = torch.empty_like(target), target
        folded = [self.net.fold(self.rounding(number, params)) for params in self.clips]
        runs = [run for clip in range(len(self.clips)) for run in runs_of(clip, target.shape[1])]
        workers = min(self.threads, len(runs))
        shares = [partial(self._work, runs[worker::workers], folded, features, target) for worker in range(workers)]
        with cores.claimed():  # also where one worker does all: no product may be shared out among threads
            made = {place: sums for share in cores.together(shares) for place, sums in share.items()}
        self.losses = losses = target.new_zeros(len(self.clips))
        for clip, params in enumerate(folded):
            (loss, total), *others = [made[run.clip, run.number] for run in runs if run.clip == clip]
            for more, gradients in others:
                loss += more
                torch._foreach_add_(total, gradients)
            losses[clip] = loss
            torch.autograd.backward(list(params.values()), total)
        return losses

    def _work(
        self, runs: Sequence[Run], folded: Sequence[Params], features: torch.Tensor, target: torch.Tensor
    ) -> dict[tuple[int, int], Sums]:
        """Loss and gradients of some runs: (clip, number of the run) -> sums."""
        with cores.denormals_flushed():
            return {
                (run.clip, run.number): self._run(run, folded[run.clip], features, target[run.clip : run.clip + 1])
                for run in runs
            }

    def _run(self, run: Run, folded: Params, features: torch.Tensor, target: torch.Tensor) -> Sums:
        """Loss and gradients of a run, added tile by tile."""
        leaves = {name: value.detach().requires_grad_() for name, value in folded.items()}
        total = target.new_zeros(())
        for times in run.tiles:
            with precision.hidden(self.policy, target.device):
                decoded = self.net.apply_features(leaves, features[:, :, times])
            decoded = precision.full(decoded)
            self.latest[0][run.clip, times] = decoded.detach()[0]
            share = self.loss(decoded - target[:, times]).sum() / target.shape[1]
            share.backward()  # type: ignore[no-untyped-call]
            total += share.detach()
        return total, [leaf.grad for leaf in leaves.values() if leaf.grad is not None]

    def result(self) -> dict[str, torch.Tensor]:
        """Return the parameters of all clips: {name: [batch, *shape]}."""
        return {name: torch.cat([params[name].detach() for params in self.clips]) for name in self.clips[0]}


class BatchSteps:
    """Steps on a GPU: all clips as one batched problem. No operation mixes clips, so each fit is alone to rounding.

    Args:
        net: target network.
        params: initial parameters of all clips, on the device.
        draw: chooses the coordinates of a step.
        loss: of residuals, elementwise.
        policy: precision of hidden layers, see hsbench.fit.precision.
        form: how the networks are evaluated; None for the form that suits the device of the parameters.
        rounding: rounds the parameters that late steps evaluate.
    """

    def __init__(
        self,
        net: TargetNet,
        params: Params,
        draw: Draw,
        loss: Loss,
        policy: str = "fp32",
        form: Form | None = None,
        rounding: Rounding = NEVER,
    ) -> None:
        self.draw, self.loss, self.rounding = draw, loss, rounding
        self.losses = torch.zeros(next(iter(params.values())).shape[0])
        self.latest = self.losses[:, None], self.losses[:, None]
        self.params = {name: value.detach().clone().requires_grad_() for name, value in params.items()}
        device = next(iter(params.values())).device
        self.tiles = Tiles(net, *TILE["cuda"], policy, form_of(policy, device) if form is None else form)

    @property
    def parameters(self) -> Mapping[str, torch.Tensor]:
        """{name: [batch, *shape]}."""
        return self.params

    def recordable(self, number: int) -> Work | None:
        """Return the gradients at the coordinates of a step, which are equally many at every step.

        None where late steps round the parameters, because a recorded step cannot begin to round.
        """
        return Work(self._gradients, self.draw(number)) if self.rounding.bits is None else None

    def __call__(self, number: int) -> torch.Tensor:
        """Set the gradients of the mean loss of each clip; return the losses [batch]."""
        return self._gradients(*self.draw(number), number)

    def _gradients(self, features: torch.Tensor, target: torch.Tensor, number: int = 0) -> torch.Tensor:
        """Set the gradients at some coordinates; return the losses, which a replay of this work writes again."""
        self.latest = torch.empty_like(target), target  # within a CUDA graph, memory that every replay writes again

        def share(decoded: torch.Tensor, tile: Tile) -> torch.Tensor:
            tile.of(self.latest[0]).copy_(decoded.detach())
            return self.loss(decoded - tile.of(target)).sum(dim=1) / target.shape[1]

        self.losses = self.tiles.backward(self.rounding(number, self.params), features, share)
        return self.losses

    def result(self) -> dict[str, torch.Tensor]:
        """Return the parameters of all clips: {name: [batch, *shape]}."""
        return {name: value.detach() for name, value in self.params.items()}


def runs_of(clip: int, times: int) -> list[Run]:
    """Cut the coordinates of a clip into at most RUNS runs of whole tiles, in order.

    Args:
        clip: its number.
        times: how many coordinates it has.
    """
    tiles = [slice(first, min(first + TIMES, times)) for first in range(0, times, TIMES)]
    size = -(-len(tiles) // RUNS)
    parts = [tuple(tiles[first : first + size]) for first in range(0, len(tiles), size)]
    return [Run(clip, number, part) for number, part in enumerate(parts)]


def decode(net: TargetNet, params: Params, features: torch.Tensor, threads: int) -> torch.Tensor:
    """Evaluate the networks of several clips on a CPU, each alone and tile by tile: [batch, time].

    Args:
        net: target network.
        params: {name: [batch, *shape]}.
        features: [1, inputs, time].
        threads: number of tiles that are evaluated at once; the result does not depend on it.
    """
    batch, time = next(iter(params.values())).shape[0], features.shape[2]
    decoded = features.new_empty(batch, time)
    with torch.no_grad():
        folded = [
            net.fold({name: value[clip : clip + 1].clone() for name, value in params.items()}) for clip in range(batch)
        ]
    tiles = [(clip, slice(first, first + TIMES)) for clip in range(batch) for first in range(0, time, TIMES)]

    @torch.no_grad()
    def work(part: Sequence[tuple[int, slice]]) -> None:
        for clip, times in part:
            decoded[clip : clip + 1, times] = net.apply_features(folded[clip], features[:, :, times])

    workers = min(threads, len(tiles))
    with cores.claimed():
        cores.together([partial(work, tiles[worker::workers]) for worker in range(workers)])
    return decoded
