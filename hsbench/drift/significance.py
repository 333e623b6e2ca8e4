"""Significance of paired differences: a sign-flip test over clips, and Holm's correction for many comparisons.

The sign-flip test. Let d_1 ... d_n be the differences now - before of n clips. Hypothesis: the two runs differ by
chance alone, so for each clip "now" and "before" could be exchanged, and d_i is as likely as -d_i, independently for
each clip. Given the sizes |d_i|, all 2^n patterns of signs are then equally likely. The p-value is the share of
patterns whose sum lies at least as far from 0 as the observed sum:

    p = #{s in {-1, 1}^n : |s_1 d_1 + ... + s_n d_n| >= |d_1 + ... + d_n|} / 2^n

The sum stands for the mean: both sides would be divided by n. Under the hypothesis P(p <= a) <= a for every a, because
the observed pattern is one of the 2^n equally likely ones, and at most a 2^n patterns have a p-value of a or less.

The smallest p: the observed pattern and its negative always count, so p >= 2 / 2^n = 2^(1 - n). Equality holds if all
differences have the same sign. Few clips can therefore never show a difference among many comparisons (`enough`).

Above EXACT clips the patterns are sampled: with B patterns drawn at random, of which b lie at least as far out,
p = (1 + b) / (1 + B). The observed pattern counts as one more draw, so that P(p <= a) <= a still holds on average over
draws. The draws have a fixed seed, so that the same results always get the same verdict.

Holm's correction (`holm`) keeps the probability of any false alarm among m comparisons at `level`, however the
comparisons depend on each other. Sort p_1 <= ... <= p_m, and call them significant one after the other, up to but not
including the first p_k > level / (m - k + 1). Proof: let m0 of the m hypotheses be true. A false alarm calls a true
hypothesis significant. Then the first true one in the order is also called significant; let k be its position. The
k - 1 hypotheses before it are false, and m - m0 are false in all, so k - 1 <= m - m0, that is, m - k + 1 >= m0. Its
p-value is therefore at most level / m0. Each of the m0 true hypotheses has such a p-value with probability level / m0
at most, so the probability that any of them has one is level at most.

References: Fisher, The Design of Experiments, 1935, section 21; Holm, Scandinavian Journal of Statistics 6, 1979.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

LEVEL = 0.05
"""Probability that a run of unchanged code shows a difference in any of its comparisons."""
EXACT = 16
"""Largest number of clips for which every pattern of signs is counted."""
DRAWS = 1 << EXACT
"""Number of patterns drawn for more clips."""

K = TypeVar("K")


def sign_flip(differences: NDArray[np.float64]) -> float:
    """Return the two-sided p-value of the hypothesis that the signs of the differences are random.

    Args:
        differences: [clips], now - before of each clip; 1.0 is returned if there are none or all are 0.
    """
    n = differences.size
    if n == 0 or not differences.any():
        return 1.0
    observed = abs(float(differences.sum()))
    # Sums that are equal on paper may differ by rounding, and still have to count as "at least as far". A sum of n
    # numbers is off by about n 2^-53 sum |d_i| at most, two sums by twice that: below `slack` up to 4500 clips.
    slack = 1e-12 * float(np.abs(differences).sum())
    if n <= EXACT:
        # Row k of the matrix holds the bits of k as signs: bit 0 -> 1, bit 1 -> -1. So the 2^n rows are all patterns.
        signs = 1.0 - 2.0 * ((np.arange(1 << n)[:, None] >> np.arange(n)) & 1)
        return float(np.mean(np.abs(signs @ differences) >= observed - slack))
    drawn = np.random.default_rng(0).choice([-1.0, 1.0], (DRAWS, n))
    return float((1 + np.sum(np.abs(drawn @ differences) >= observed - slack)) / (1 + DRAWS))


def holm(p_values: Mapping[K, float], level: float = LEVEL) -> set[K]:
    """Return the significant comparisons by Holm's correction.

    Args:
        p_values: comparison -> p-value.
        level: probability that any of them is significant by chance.
    """
    significant: set[K] = set()
    ordered = sorted(p_values.items(), key=lambda pair: pair[1])
    for rank, (name, p) in enumerate(ordered):  # rank is k - 1 in the module header
        if p > level / (len(ordered) - rank):
            break
        significant.add(name)
    return significant


def enough(comparisons: int, level: float = LEVEL) -> int:
    """Return the minimum number of clips that can show a difference among a number of comparisons.

    The first comparison is significant only if p_1 <= level / m, and p_1 >= 2^(1 - n). So n clips suffice if
    2^(1 - n) <= level / m, that is, n >= 1 + log2(m / level).

    Args:
        comparisons: number m of comparisons.
        level: as in `holm`.
    """
    return 1 + math.ceil(math.log2(max(1, comparisons) / level))
