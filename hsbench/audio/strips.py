"""Waveforms of many channels that lie in memory sample by sample with zeros around them, and memory that is reused.

In a strip, the values of all channels at one sample are neighbours in memory, with zeros before the first sample and
after the last one. Three operations of a convolution layer then need no copy:

- zero padding is already there;
- overlapping blocks of samples are a view with overlapping strides;
- a stride-2 layer reads pairs of successive samples as one sample of twice as many channels, which is the same memory.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

BEFORE, AFTER = 7, 256
"""Smallest number of rows of zeros before and after the samples."""


class Strip(NamedTuple):
    """A waveform of many channels with zeros around it.

    Attributes:
        rows: [BEFORE + time + AFTER, channels] float32, contiguous.
        time: number of samples.
    """

    rows: torch.Tensor
    time: int

    @property
    def signal(self) -> torch.Tensor:
        """The samples [time, channels], without the zeros around them."""
        return self.rows[BEFORE : BEFORE + self.time]

    def blocks(self, before: int, stride: int, size: int, hop: int, count: int) -> torch.Tensor:
        """Return overlapping blocks as a view: [count, size, stride x channels].

        Args:
            before: number of zeros at the beginning of the first block.
            stride: number of successive samples that count as one sample of `stride` times as many channels.
            size: length of a block, in such samples.
            hop: distance of the beginnings of two blocks, in such samples.
            count: number of blocks.
        """
        channels = stride * self.rows.shape[1]
        first = self.rows[BEFORE - before]
        return first.as_strided((count, size, channels), (hop * channels, channels, 1), first.storage_offset())


class Memory:
    """Arrays that are kept by name and reused, each as large as the largest that was requested under its name.

    Allocating megabytes from the operating system takes about as long as one pass over them.
    """

    def __init__(self) -> None:
        self._kept: dict[str, torch.Tensor] = {}

    def array(self, name: str, *shape: int) -> torch.Tensor:
        """Return an uninitialised float32 array of a shape; it may share memory with earlier arrays of that name."""
        size = math.prod(shape)
        if name not in self._kept or self._kept[name].numel() < size:
            self._kept[name] = torch.empty(size)
        return self._kept[name][:size].view(shape)

    def strip(self, name: str, time: int, channels: int) -> Strip:
        """Return a strip in which the zeros are set and the samples are still to be written."""
        rows = self.array(name, BEFORE + time + AFTER, channels)
        rows[:BEFORE].zero_()
        rows[BEFORE + time :].zero_()
        return Strip(rows, time)
