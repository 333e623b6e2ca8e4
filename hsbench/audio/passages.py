"""Passages: the stretches of audio from which training crops are drawn, as 16-bit samples in one array.

The array may be memory-mapped: `Passages` does not copy it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Passages:
    """Stretches of one array of samples.

    Attributes:
        samples: [total] int16, full scale +-32768.
        starts: [passages] int64, index of each passage's first sample.
        lengths: [passages] int64, length of each passage in samples.
    """

    samples: NDArray[np.int16]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)


def joined(pieces: Sequence[NDArray[np.int16]]) -> Passages:
    """Concatenate separate arrays, each [samples] int16, and return each as a passage."""
    lengths = np.array([piece.size for piece in pieces], np.int64)
    return Passages(np.concatenate(pieces), np.cumsum(lengths) - lengths, lengths)
