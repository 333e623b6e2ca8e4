"""Is a paired difference more than chance? A sign-flip test over clips, and Holm's correction over many of them.

Under the hypothesis that two runs differ by chance alone, a clip's difference is as likely to be d as -d. The test
counts the signs that give a mean at least as far from 0 as the one seen: all 2^n of them up to EXACT clips, beyond
that a fixed sample. Of n clips that all move the same way p is 2^(1 - n), so few clips can never show a difference
among many comparisons.

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
"""How often one run of the same code may show a difference somewhere, over all its comparisons together."""
EXACT = 16
DRAWS = 1 << EXACT

K = TypeVar("K")


def sign_flip(differences: NDArray[np.float64]) -> float:
    """Two-sided p of the hypothesis that [clips] differences have random signs."""
    n = differences.size
    if n == 0 or not differences.any():
        return 1.0
    seen = abs(float(differences.sum()))
    slack = 1e-12 * float(np.abs(differences).sum())  # sums that are equal on paper
    if n <= EXACT:
        signs = 1.0 - 2.0 * ((np.arange(1 << n)[:, None] >> np.arange(n)) & 1)
        return float(np.mean(np.abs(signs @ differences) >= seen - slack))
    drawn = np.random.default_rng(0).choice([-1.0, 1.0], (DRAWS, n))
    return float((1 + np.sum(np.abs(drawn @ differences) >= seen - slack)) / (1 + DRAWS))


def holm(p_values: Mapping[K, float], level: float = LEVEL) -> set[K]:
    """The comparisons that stay significant when all of them together may err with probability `level`."""
    kept: set[K] = set()
    ordered = sorted(p_values.items(), key=lambda pair: pair[1])
    for rank, (name, p) in enumerate(ordered):
        if p > level / (len(ordered) - rank):
            break
        kept.add(name)
    return kept


def enough(comparisons: int, level: float = LEVEL) -> int:
    """The least number of clips that can show a difference among so many comparisons."""
    return 1 + math.ceil(math.log2(max(1, comparisons) / level))
