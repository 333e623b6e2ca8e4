"""Batches of training crops: drawn, cut and augmented on the device; each a function of its step alone.

An epoch takes its samples without replacement: passages in a random order, reshuffled and gone through again where an
epoch wants more than there are. A sample's crop, filter and noise are keyed by seed, epoch and its place in the
epoch. So a resumed training, and one shared out over processes, sees exactly the same batches.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import torch

from hsbench.audio.augment import dequantise, divide_by_peak, phase_mangle
from hsbench.audio.randomness import uniform
from hsbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hsbench.audio.passages import Passages

MANGLED = 0.8
"""Share of the samples whose phase is mangled, at a frequency log-uniform between LOWEST and HIGHEST."""
LOWEST, HIGHEST = 20.0, 2000.0
DECISIONS = 3
"""Random numbers of a sample before those of its noise: crop, whether to mangle, frequency."""


class Batches:
    """[step] -> [batch, samples] float32.

    Attributes:
        per_epoch: steps of an epoch.
    """

    def __init__(
        self,
        passages: Passages,
        samples: int,
        sample_rate: int,
        batch: int,
        epoch_samples: int,
        key: Callable[..., int],
        device: torch.device,
        *,
        augment: bool = True,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.passages, self.samples, self.sample_rate, self.augment = passages, samples, sample_rate, augment
        self.batch, self.key, self.device, self.rank, self.world = batch, key, device, rank, world
        self.per_epoch = epoch_samples // batch
        self._check()
        self._flat = _resident(torch.from_numpy(passages.samples), device)

    def __call__(self, step: int) -> torch.Tensor:
        """The crops of a step; of several processes, this one's share of them."""
        epoch, places = self._places(step)
        chosen = self._order(epoch)[places.start : places.stop]
        keys = torch.tensor([self.key("sample", epoch, place) for place in places])
        start, mangled, tone = uniform(keys, DECISIONS).double().unbind(1)
        room = (torch.from_numpy(self.passages.lengths)[chosen] - self.samples).clamp(min=1)
        offsets = torch.from_numpy(self.passages.starts)[chosen] + (start * room).long()
        frequency = LOWEST * torch.exp(tone * math.log(HIGHEST / LOWEST))
        frequency[mangled >= MANGLED] = torch.nan
        return self._cut(offsets, keys, frequency)

    def windows(self, step: int, length: int | None) -> torch.Tensor | None:
        """A stretch of each crop of a step: [batch, length] sample numbers; None where it would be the whole crop."""
        if length is None or length >= self.samples:
            return None
        epoch, places = self._places(step)
        room = self.samples - length + 1
        first = torch.tensor([[self.key("window", epoch, place) % room] for place in places], device=self.device)
        return first + torch.arange(length, device=self.device)

    def _places(self, step: int) -> tuple[int, range]:
        """The epoch of a step, and this process's places in the epoch's order."""
        epoch, first = step // self.per_epoch, step % self.per_epoch * self.batch
        share = self.batch // self.world
        return epoch, range(first + self.rank * share, first + (self.rank + 1) * share)

    def _cut(self, offsets: torch.Tensor, keys: torch.Tensor, frequency: torch.Tensor) -> torch.Tensor:
        index = offsets.to(self._flat.device)[:, None] + torch.arange(self.samples, device=self._flat.device)
        crops = self._flat[index].to(self.device).float() / 32768
        if self.augment:
            crops = phase_mangle(crops, frequency.float().to(self.device), self.sample_rate)
            crops = dequantise(crops, uniform(keys.to(self.device), DECISIONS + self.samples)[:, DECISIONS:])
        return divide_by_peak(crops)

    @functools.lru_cache(maxsize=2)  # noqa: B019  an object of these lives as long as its training
    def _order(self, epoch: int) -> torch.Tensor:
        """Passages of an epoch in the order in which they are taken."""
        rounds = math.ceil(self.per_epoch * self.batch / len(self.passages))
        generators = (torch.Generator().manual_seed(self.key("order", epoch, number)) for number in range(rounds))
        return torch.cat([torch.randperm(len(self.passages), generator=generator) for generator in generators])

    def _check(self) -> None:
        if not self.batch >= 1 or self.batch % self.world:
            raise UsageError(f"batch expects a multiple of the {self.world} processes, got {self.batch}.")
        if self.per_epoch < 1:
            raise UsageError(f"epoch_samples must hold at least one batch of {self.batch}.")
        if len(self.passages) == 0 or int(self.passages.lengths.min()) < self.samples:
            raise UsageError(
                f"training expects passages of at least {self.samples} samples; prepare the corpus in longer blocks."
            )


def _resident(flat: torch.Tensor, device: torch.device) -> torch.Tensor:
    """The corpus on the device, where it fits into half of what is free; else where it is."""
    if device.type == "cuda" and flat.nbytes < torch.cuda.mem_get_info(device)[0] / 2:
        return flat.to(device)
    return flat
