"""Random numbers that are a function of a key and an index: the same on every device and in any order.

A number is SplitMix64's output function of key + index x 0x9E3779B97F4A7C15 (Steele, Lea, Flood 2014), computed with
64-bit integers that wrap around. There is no generator state to store, so a training that was interrupted and resumed
draws the same numbers as one that was not.
"""

from __future__ import annotations

import torch

_GOLDEN = 0x9E3779B97F4A7C15 - (1 << 64)
_FIRST = 0xBF58476D1CE4E5B9 - (1 << 64)
_SECOND = 0x94D049BB133111EB - (1 << 64)


def uniform(keys: torch.Tensor, count: int) -> torch.Tensor:
    """Return uniform random numbers in [0, 1), multiples of 2^-24.

    Args:
        keys: [batch] int64, any values; equal keys give equal numbers.
        count: number of random numbers per key.

    Returns:
        [batch, count] float32, on the device of the keys.
    """
    index = torch.arange(1, count + 1, dtype=torch.int64, device=keys.device)
    bits = keys[:, None] + index * _GOLDEN
    bits = (bits ^ _shift(bits, 30)) * _FIRST
    bits = (bits ^ _shift(bits, 27)) * _SECOND
    bits = bits ^ _shift(bits, 31)
    return _shift(bits, 40).to(torch.float32) * 2.0**-24


def _shift(bits: torch.Tensor, places: int) -> torch.Tensor:
    """Shift to the right and fill with zeros; `>>` alone repeats the sign bit of an int64."""
    return (bits >> places) & ((1 << (64 - places)) - 1)
