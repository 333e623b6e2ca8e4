"""Batches of training crops, drawn and augmented on the device. A batch depends only on the seed and its step number.

An epoch draws its samples without replacement: it visits the passages in a random order, and visits them again in
another order where it needs more samples than there are passages. Where a sample is cut, how its phase is mangled and
which noise is added follow from the seed, the epoch and the sample's position in the epoch. So a training that resumes
after an interruption, or that runs in several processes, sees exactly the same batches.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import torch

from hsbench.audio.augment import dequantise, divide_by_peak, phase_mangle
from hsbench.audio.randomness import uniform
from hsbench.errors import UsageError
from hsbench.fit.transfer import sent

if TYPE_CHECKING:
    from collections.abc import Callable

    from hsbench.audio.passages import Passages

MANGLED_SHARE = 0.8
"""Probability that the phase of a sample is mangled by an all-pass filter (hsbench.audio.augment.phase_mangle)."""
LOWEST_HZ, HIGHEST_HZ = 20.0, 2000.0
"""Range of the all-pass filter's frequency, which is distributed uniformly on a logarithmic scale."""
AHEAD = {"cpu": 1, "cuda": 64}
"""Steps whose random numbers are drawn together, by device, so that a GPU waits for them once in so many steps."""
DRAWS = 3
"""Random numbers that a sample uses before its noise: position of the crop, whether to mangle, frequency."""


class Batches:
    """Return the batch of training crops of a step when called with the step's number.

    Args:
        passages: stretches of sound, each at least as long as a crop.
        samples: length of a crop, in samples.
        sample_rate: sample rate of the passages, in Hz.
        batch: crops per step, over all processes.
        epoch_samples: crops per epoch; an incomplete last batch is dropped.
        key: returns a seed for a purpose, see hsbench.models.base.Context.key.
        device: device of the batches.
        augment: whether to mangle phases and to add dequantisation noise.
        rank: number of this process, from 0.
        world: number of processes that train together.

    Attributes:
        per_epoch: steps per epoch.

    Raises:
        UsageError: the batch cannot be divided between the processes, an epoch holds no batch, or a passage is shorter
            than a crop.
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
        """Return the crops of a step: [batch / world, samples] float32, the share of this process.

        Args:
            step: number of the step, from 0.
        """
        return self.crops(*self.drawn(step))

    def drawn(self, step: int) -> tuple[torch.Tensor, ...]:
        """Return what `crops` makes the batch of a step from, on the device: tensors of the same shapes at every step.

        These are the place of each crop in the array of all passages, its key, and the frequency of its all-pass filter
        (NaN for none), [batch / world] each. Passages that lie on the CPU are cut here, and the crops [batch / world,
        samples] take the place of the places.

        Args:
            step: number of the step, from 0.
        """
        ahead = AHEAD[self.device.type]
        offsets, keys, frequency = (drawn[step % ahead] for drawn in self._drawn(step - step % ahead, ahead))
        return self._cut(offsets) if self._flat.device.type == "cpu" else offsets, keys, frequency

    def crops(self, places: torch.Tensor, keys: torch.Tensor, frequency: torch.Tensor) -> torch.Tensor:
        """Cut and augment the crops of a step: [batch / world, samples] float32.

        Args:
            places: first result of `drawn`.
            keys: second result of `drawn`.
            frequency: third result of `drawn`.
        """
        if places.dim() == 1:
            places = self._flat[places[:, None] + torch.arange(self.samples, device=places.device)]
        crops = places.float() / 32768
        if self.augment:
            crops = phase_mangle(crops, frequency, self.sample_rate)
            crops = dequantise(crops, uniform(keys, DRAWS + self.samples)[:, DRAWS:])
        return divide_by_peak(crops)

    @functools.lru_cache(maxsize=2)  # noqa: B019  this object exists as long as its training
    def _drawn(self, first: int, count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Draw the crops of several steps.

        Args:
            first: number of the first of these steps.
            count: number of steps.

        Returns:
            Where each crop begins in the array of all passages, its key, and the frequency of its all-pass filter (NaN
            for none), [count, batch / world] each. The first lies where the passages lie, the others on the device.
        """
        steps = [self._positions(step) for step in range(first, first + count)]
        chosen = torch.cat([self._order(epoch)[positions.start : positions.stop] for epoch, positions in steps])
        keys = torch.tensor([self.key("sample", epoch, place) for epoch, positions in steps for place in positions])
        start, mangled, tone = uniform(keys, DRAWS).double().unbind(1)
        room = (torch.from_numpy(self.passages.lengths)[chosen] - self.samples).clamp(min=1)
        offsets = torch.from_numpy(self.passages.starts)[chosen] + (start * room).long()
        # ln f is uniform between ln LOWEST_HZ and ln HIGHEST_HZ: f = LOWEST_HZ (HIGHEST_HZ / LOWEST_HZ)^tone.
        frequency = LOWEST_HZ * torch.exp(tone * math.log(HIGHEST_HZ / LOWEST_HZ))
        frequency[mangled >= MANGLED_SHARE] = torch.nan  # phase_mangle leaves such a sample as it is
        placed = (offsets.to(self._flat.device), keys.to(self.device), frequency.float().to(self.device))
        offsets, keys, frequency = (drawn.view(count, -1) for drawn in placed)
        return offsets, keys, frequency

    def windows(self, step: int, length: int | None) -> torch.Tensor | None:
        """Choose a random window in each crop of a step, for a loss over a part of the crop.

        Args:
            step: number of the step, from 0.
            length: samples of a window; None for the whole crop.

        Returns:
            [batch / world, length], the sample numbers of each window; None where the window is the whole crop.
        """
        if length is None or length >= self.samples:
            return None
        ahead = AHEAD[self.device.type]
        starts = self._window_starts(step - step % ahead, ahead, self.samples - length + 1)
        return starts[step % ahead] + torch.arange(length, device=self.device)

    @functools.lru_cache(maxsize=2)  # noqa: B019  as above
    def _window_starts(self, first: int, count: int, room: int) -> torch.Tensor:
        """Return where the windows of several steps begin, out of `room` places: [count, batch / world, 1]."""
        steps = [self._positions(step) for step in range(first, first + count)]
        starts = [[[self.key("window", epoch, place) % room] for place in positions] for epoch, positions in steps]
        return torch.tensor(starts, device=self.device)

    def _positions(self, step: int) -> tuple[int, range]:
        """Return the epoch of a step and the positions within the epoch of this process's samples."""
        epoch, first = step // self.per_epoch, step % self.per_epoch * self.batch
        share = self.batch // self.world
        return epoch, range(first + self.rank * share, first + (self.rank + 1) * share)

    def _cut(self, offsets: torch.Tensor) -> torch.Tensor:
        """Return crops of passages that lie on the CPU, on the device: [batch / world, samples] int16."""
        # Slices are copied whole, ten times as fast as by an index per sample.
        cut = torch.stack([self._flat[offset : offset + self.samples] for offset in offsets.tolist()])
        return sent(cut, self.device)

    @functools.lru_cache(maxsize=2)  # noqa: B019  this object exists as long as its training
    def _order(self, epoch: int) -> torch.Tensor:
        """Return the numbers of the passages in the order in which an epoch visits them, with repetitions if needed."""
        rounds = math.ceil(self.per_epoch * self.batch / len(self.passages))
        generators = (torch.Generator().manual_seed(self.key("order", epoch, number)) for number in range(rounds))
        return torch.cat([torch.randperm(len(self.passages), generator=generator) for generator in generators])

    def _check(self) -> None:
        if not self.batch >= 1 or self.batch % self.world:
            raise UsageError(
                f"batch expects a positive multiple of the number of processes, {self.world}, got {self.batch}."
            )
        if self.per_epoch < 1:
            raise UsageError(f"epoch_samples expects at least one batch of {self.batch}; raise it or lower batch.")
        if len(self.passages) == 0 or int(self.passages.lengths.min()) < self.samples:
            raise UsageError(
                f"training expects passages of at least {self.samples} samples; prepare the corpus in longer blocks."
            )


def _resident(flat: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Move the passages to the device if they fit into half of its free memory; else leave them on the CPU."""
    if device.type == "cuda" and flat.nbytes < torch.cuda.mem_get_info(device)[0] / 2:
        return flat.to(device)
    return flat
