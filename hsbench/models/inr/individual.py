"""Individual INRs: one target network fitted to each clip. The upper bound of Table 2d.

Many clips are fitted at once as one batched problem; no operation mixes clips, so each fit is what it would be alone
(to rounding), and one that diverges leaves its batch-mates untouched. On a CPU the coordinates are walked in tiles
that stay in cache, and the gradients add up. Each clip starts from random weights of its own; with `shared_start` all
start from the same, so that distances between what they become mean something (figure4).

Protocol switches: inr_loss, inr_siren_init, inr_output, bad_fit_is_status, width_at_cr_1 (see hsbench.protocols).
Status: "diverged" where the output is not finite or its power exceeds 1000 times the clip's; "collapsed" where its
power is below a thousandth.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hsbench.device import COMPILE, switched_on
from hsbench.errors import UsageError
from hsbench.fit import graphs, loop
from hsbench.fit.precision import pin
from hsbench.models import quantise
from hsbench.models.base import Payload, Reconstruction, verdict
from hsbench.models.targets import create
from hsbench.models.targets.base import grid
from hsbench.models.targets.tiles import TILE, Tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context, Training
    from hsbench.models.targets.base import TargetNet
    from hsbench.models.targets.tiles import Tile

LOSSES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {"l1": torch.abs, "mse": torch.square}


class IndividualINR:
    """One target network per clip; `fit` does nothing, `reconstruct` optimises."""

    version = 1
    group = 16

    def __init__(
        self,
        kind: str,
        width: int,
        layers: int,
        compression_ratio: float,
        shared_start: bool,
        weight_format: str,
        **network: Any,
    ) -> None:
        del compression_ratio  # width says it exactly
        self.shared_start = shared_start
        self.name, self.form = f"inr-{kind}", quantise.check(weight_format)
        self.net = create(kind, [width] * layers, **network)

    def fit(self, train: Training, context: Context) -> None:
        """Nothing is shared between clips."""

    def reconstruct(self, clips: Sequence[Clip], context: Context) -> Iterator[Reconstruction]:
        """Fit all clips of the group side by side, or take what another cell fitted, and play them.

        Raises:
            UsageError: the clips are not equally long, or a training setting is out of range.
        """
        if {clip.waveform.size for clip in clips} != {context.samples}:
            raise UsageError(
                f"individual INRs are fitted to clips of {context.samples} samples; prepare the corpus in equal blocks."
            )
        device = pin(context.device, context.threads)
        if context.fitted is None:
            params, seconds, steps = self._fit(clips, context, device)
        else:
            params, seconds, steps = self._given([context.fitted(clip.id) for clip in clips], device), 0.0, 0
        params = quantise.stored(params, self.form)
        output = self._play(params, grid(context.samples), device)
        bits = quantise.bits({name: math.prod(shape) for name, shape in self.net.shapes().items()}, self.form)
        for index, clip in enumerate(clips):
            yield Reconstruction(
                clip_id=clip.id,
                waveform=output[index],
                payload=Payload(self.net.count(), bits),
                seconds=seconds,
                status=verdict(clip.waveform, output[index]),
                steps=steps,
                weights={name: value[index].detach().cpu().numpy() for name, value in params.items()},
            )

    def _fit(
        self, clips: Sequence[Clip], context: Context, device: torch.device
    ) -> tuple[dict[str, torch.Tensor], float, int]:
        """Parameters {name: [batch, *shape]}, seconds per clip and steps."""
        recipe = _recipe(context)
        target = torch.from_numpy(np.stack([clip.waveform for clip in clips])).to(device)
        features = self.net.features(grid(context.samples)).to(device)
        params = self._initial([clip.id for clip in clips], context, device)
        if switched_on(COMPILE):
            self.net.compile()
        step = _Step(self.net, params, features, target, context)
        group = hashlib.sha256(" ".join(clip.id for clip in clips).encode()).hexdigest()[:16]
        hooks = loop.Hooks(
            record=lambda row: context.record({**row, "first": clips[0].id, "clips": len(clips)}),
            progress=lambda done: context.progress(done * len(clips), recipe.updates * len(clips)),
            checkpoint=context.scratch / f"fit-{group}.safetensors",
        )
        seconds = loop.optimise(params, step.recorded() if graphs.asked() else step, recipe, hooks) / len(clips)
        return params, seconds, recipe.updates

    def _given(
        self, fitted: Sequence[Mapping[str, NDArray[np.float32]]], device: torch.device
    ) -> dict[str, torch.Tensor]:
        """Parameters of several clips, [batch, *shape] each."""
        return {
            name: torch.stack([torch.from_numpy(one[name]) for one in fitted]).to(device) for name in self.net.shapes()
        }

    def play(
        self, weights: Mapping[str, NDArray[np.float32]], coordinates: NDArray[np.float64], context: Context
    ) -> NDArray[np.float32]:
        """A clip's INR at any times [time] in [-1, 1], from the parameters that its reconstruction has."""
        device, times = pin(context.device, context.threads), torch.from_numpy(coordinates).float().view(1, -1, 1)
        played: NDArray[np.float32] = self._play(self._given([weights], device), times, device)[0]
        return played

    def _play(
        self, params: Mapping[str, torch.Tensor], times: torch.Tensor, device: torch.device
    ) -> NDArray[np.float32]:
        """[1, time, 1] -> [batch, time]."""
        features = self.net.features(times).to(device)
        played: NDArray[np.float32] = Tiles(self.net, *TILE[device.type]).play(params, features).cpu().numpy()
        return played

    def _initial(self, ids: Sequence[str], context: Context, device: torch.device) -> dict[str, torch.Tensor]:
        """{name: [batch, *shape]}, each clip's drawn from its own seed, or from one where they share their start."""
        divisor = context.switches.get("inr_siren_init", "omega_i")
        seeds = [context.key("init", *([] if self.shared_start else [clip_id])) for clip_id in ids]
        drawn = [self.net.draw(torch.Generator().manual_seed(seed), divisor) for seed in seeds]
        return {
            name: torch.stack([one[name] for one in drawn]).to(device).requires_grad_() for name in self.net.shapes()
        }


class _Step:
    """One optimisation step over a batch of clips."""

    def __init__(
        self,
        net: TargetNet,
        params: Mapping[str, torch.Tensor],
        features: torch.Tensor,
        target: torch.Tensor,
        context: Context,
    ) -> None:
        self.params, self.features, self.target, self.context = params, features, target, context
        self.tiles = Tiles(net, *TILE[context.device])
        self.loss = LOSSES[context.switches["inr_loss"]]
        self.drawn: int | None = context.training["coordinates"]

    def __call__(self, number: int) -> torch.Tensor:
        """Add the gradients of the mean loss of each clip; gives the losses [batch]."""
        features, target = self._draw(number)

        def share(played: torch.Tensor, tile: Tile) -> torch.Tensor:
            return self.loss(played - tile.of(target)).sum(dim=1) / target.shape[1]

        return self.tiles.backward(self.params, features, share)

    def recorded(self) -> Callable[[int], torch.Tensor]:
        """The step as a CUDA graph, where every step is the same: with all coordinates."""
        if self.drawn is not None and self.drawn < self.target.shape[1]:
            return self
        graph = graphs.Recorded(lambda: self(0), self.params.values())
        return lambda _number: graph()

    def _draw(self, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The coordinates of a step: all, or the next part of a random order that is drawn anew after each pass."""
        total = self.target.shape[1]
        if self.drawn is None or self.drawn >= total:
            return self.features, self.target
        parts = total // self.drawn
        generator = torch.Generator().manual_seed(self.context.key("coordinates", number // parts))
        order = torch.randperm(total, generator=generator)
        part = number % parts
        chosen = order[part * self.drawn : (part + 1) * self.drawn].sort().values.to(self.target.device)
        return self.features[:, :, chosen], self.target[:, chosen]


def _recipe(context: Context) -> loop.Recipe:
    training = context.training
    steps = training["steps"]
    if not isinstance(steps, int) or steps < 1:
        raise UsageError(f"steps expects a whole number from 1, got {steps!r}.")
    if training["coordinates"] is not None and not 1 <= training["coordinates"] <= context.samples:
        raise UsageError(
            f"coordinates expects a whole number from 1 to {context.samples} or none for all, "
            f"got {training['coordinates']!r}."
        )
    updates = steps - 1 if context.switches["inr_output"] == "before_last_update" else steps
    return loop.Recipe(steps, updates, training["schedule"], float(training["learning_rate"]))
