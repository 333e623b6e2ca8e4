"""Probability tables of the entropy coder, the same on every machine.

A table gives each whole number k from -M to M a frequency, a whole number from 1; its probability is the frequency over
the sum of all. A code of one byte names the table:

    0                            uniform
    1 .. SCALES                  two-sided geometric, p(k) ~ theta^|k|, with mean |k| = m
    SCALES + 1 .. 2 SCALES       Gaussian,            p(k) ~ q^(k^2) with q = exp(-1 / (2 sigma^2))
    ADAPTIVE                     see hsbench.models.coding.adaptive

m and sigma run over the quarter octaves 2^(g / 4) / 16. For a two-sided geometric distribution

    E|k| = (1 - theta) / (1 + theta) 2 sum_k k theta^k = 2 theta / (1 - theta^2) = m
    theta = (sqrt(1 + m^2) - 1) / m

Why the tables are the same everywhere. A decoder needs exactly the encoder's table: one frequency that differs makes
every later number wrong. Functions such as exp differ in their last digit between machines; sums of arrays depend on
the width of their vector registers. Here every value comes from operations that IEEE 754 rounds correctly (+, -, x, /,
square root), one after the other, or from the correctly rounded exp of Python's decimal arithmetic. The frequencies are
then whole numbers, which are added exactly in any order.
"""

from __future__ import annotations

import decimal
import functools
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCALES = 76
"""Scales of each family: quarter octaves from 1/16 to about 28 000."""
UNIFORM, ADAPTIVE = 0, 255
LARGEST = (1 << 15) - 1
"""Largest whole number that a table holds."""
TOP = 1 << 22
"""Frequency of the number 0; of the others, proportional to it and at least 1."""
LEAST = 2.0**-40
"""Relative frequency from which on all are the same; it keeps the arithmetic away from numbers without full precision.
"""
QUARTER_OCTAVES = (1.0, 1.189207115002721, 1.4142135623730951, 1.681792830507429)
HALF_STEP = 1.0905077326652577
"""Factor of half a quarter octave, 2^(1/8)."""


def scale(number: int) -> float:
    """Return the scale of a number g, 2^(g / 4) / 16.

    Args:
        number: g, 0 to SCALES - 1.
    """
    return math.ldexp(QUARTER_OCTAVES[number % 4], number // 4 - 4)


BOUNDARIES = np.array([math.floor(scale(number) * HALF_STEP * (1 << 20)) for number in range(SCALES - 1)])
"""Means |k|, in units of 2^-20, between which a scale is the nearest one."""


def known(code: int) -> bool:
    """Return whether a code names a table or the adaptive coder."""
    return 0 <= code <= 2 * SCALES or code == ADAPTIVE


def geometric_code(mean: float) -> int:
    """Return the code of the geometric table whose mean |k| is nearest."""
    return 1 + int(np.searchsorted(BOUNDARIES, mean * (1 << 20)))


def gaussian_code(deviation: float) -> int:
    """Return the code of the Gaussian table whose sigma is nearest."""
    return SCALES + geometric_code(deviation)


@functools.lru_cache(maxsize=1024)
def frequencies(code: int, largest: int) -> NDArray[np.float64]:
    """Return the frequencies of -M .. M, whole numbers as float64, [2 M + 1].

    Args:
        code: of the table; not ADAPTIVE.
        largest: M, 1 to LARGEST.
    """
    if code == UNIFORM:
        return np.ones(2 * largest + 1)
    half = np.ones(largest + 1)
    value, number = 1.0, 0
    factor, growth = _start(code)
    while number <= largest and value > LEAST:
        half[number] = math.floor(value * TOP) + 1
        value, factor = value * factor, factor * growth
        number += 1
    return np.concatenate([half[:0:-1], half])


def _start(code: int) -> tuple[float, float]:
    """Return the ratio of the relative frequencies of 1 and 0, and the factor from each ratio to the next.

    The ratio is theta for a geometric table. It is q^((k + 1)^2 - k^2) = q^(2 k + 1) for a Gaussian one, so each is q^2
    times the one before.
    """
    if code <= SCALES:
        mean = scale(code - 1)
        return (math.sqrt(1 + mean * mean) - 1) / mean, 1.0
    deviation = scale(code - SCALES - 1)
    with decimal.localcontext(decimal.Context(prec=30)):
        ratio = float((decimal.Decimal(-1) / (2 * decimal.Decimal(deviation) ** 2)).exp())
    return ratio, ratio * ratio
