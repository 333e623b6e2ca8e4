"""Signals that lie time-major with zeros around them, in memory that is used again.

A convolution over a strip needs no padding, its overlapping blocks are views, and two successive samples of all
channels are one sample of twice the channels.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

BEFORE, AFTER = 7, 256
"""Rows of zeros, at least."""


class Strip(NamedTuple):
    """A signal.

    Attributes:
        rows: [BEFORE + time + AFTER, channels] float32, contiguous.
        time: number of samples.
    """

    rows: torch.Tensor
    time: int

    @property
    def signal(self) -> torch.Tensor:
        """[time, channels], without the zeros."""
        return self.rows[BEFORE : BEFORE + self.time]

    def blocks(self, before: int, stride: int, size: int, hop: int, count: int) -> torch.Tensor:
        """Overlapping blocks: [count, size, stride x channels], a view.

        Args:
            before: zeros that the first block begins with.
            stride: successive samples that are one of more channels.
            size: samples of a block, after that.
            hop: distance of blocks, after that.
            count: how many.
        """
        channels = stride * self.rows.shape[1]
        first = self.rows[BEFORE - before]
        return first.as_strided((count, size, channels), (hop * channels, channels, 1), first.storage_offset())


class Memory:
    """Arrays by name, each as large as the largest that was asked for.

    To get some megabytes from the system takes as long as a pass over them, so arrays that come again are kept.
    """

    def __init__(self) -> None:
        self._kept: dict[str, torch.Tensor] = {}

    def array(self, name: str, *shape: int) -> torch.Tensor:
        """Float32 of a shape, with whatever is in it; what had the name before is gone."""
        size = math.prod(shape)
        if name not in self._kept or self._kept[name].numel() < size:
            self._kept[name] = torch.empty(size)
        return self._kept[name][:size].view(shape)

    def strip(self, name: str, time: int, channels: int) -> Strip:
        """A strip whose zeros are in place and whose signal is to be written."""
        rows = self.array(name, BEFORE + time + AFTER, channels)
        rows[:BEFORE].zero_()
        rows[BEFORE + time :].zero_()
        return Strip(rows, time)
