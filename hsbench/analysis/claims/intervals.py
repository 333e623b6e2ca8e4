"""Intervals of contrasts: resampled by voice, and corrected for the number of contrasts.

Clips of one voice are not independent, so a resample draws G voices of G with replacement, and then clips of each drawn
voice with replacement. The standard deviation of the statistic over the resamples is its standard error. A bootstrap of
G voices has the variance of a sum over G with the factor (G - 1) / G, so the error is multiplied by sqrt(G / (G - 1)).
With few voices the error itself is uncertain, and quantiles of resamples, which never leave the range of the voices,
would be far too narrow; so the interval is

    effect +- t(G - 1, 1 - alpha / (2 m)) x standard error,

with Student's t of G - 1 degrees of freedom (Cameron, Gelbach and Miller, "Bootstrap-based improvements for inference
with clustered errors", 2008, discuss few clusters). m is the number of contrasts of a block of claims (Bonferroni),
so that all intervals of the block together hold with at least 1 - alpha = 95 %. With a single voice, clips take the
place of voices.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

ALPHA = 0.05
RESAMPLES = 2000
WIDTH_CLIPS = 30
"""Clips of the upper bound of the paper, Table 2d."""


class Interval(NamedTuple):
    """An effect with its interval.

    Attributes:
        effect: the statistic of all clips.
        low: lower end; None where there is no interval.
        high: upper end; None likewise.
        clips: number of clips.
        voices: number of voices.
    """

    effect: float
    low: float | None
    high: float | None
    clips: int
    voices: int


def mean(values: NDArray[np.float64]) -> float:
    """Return the mean: [clips] -> number."""
    return float(values.mean())


def negative_half_width(values: NDArray[np.float64]) -> float:
    """Return minus half the width of the 95 % interval that the mean over 30 such clips has: [clips] -> number."""
    return -1.96 * float(values.std(ddof=1)) / math.sqrt(WIDTH_CLIPS) if values.size > 1 else 0.0


STATISTICS: dict[str, Callable[[NDArray[np.float64]], float]] = {"mean": mean, "width": negative_half_width}


def interval(values: NDArray[np.float64], voices: Sequence[str], family: int, statistic: str = "mean") -> Interval:
    """Return the effect of a contrast with its corrected interval.

    Args:
        values: [clips], finite.
        voices: voice of each clip.
        family: m, the number of contrasts that the interval is corrected for.
        statistic: a key of STATISTICS.

    Returns:
        No interval where there are fewer than two units to resample, or all of them are equal.
    """
    from scipy.stats import t

    compute = STATISTICS[statistic]
    effect, several = compute(values), len(set(voices)) > 1
    labels = np.asarray(voices if several else [str(number) for number in range(values.size)])
    groups = [np.flatnonzero(labels == label) for label in sorted(set(labels.tolist()))]
    count = len(groups)
    without = Interval(effect, None, None, values.size, len(set(voices)))
    if count < 2:
        return without
    generator = np.random.default_rng(0)
    drawn = np.array([compute(values[_resample(groups, generator)]) for _ in range(RESAMPLES)])
    error = float(drawn.std(ddof=1)) * math.sqrt(count / (count - 1))
    if error <= 1e-12 * max(1.0, abs(effect)):
        return without
    margin = float(t.ppf(1 - ALPHA / (2 * family), count - 1)) * error
    return without._replace(low=effect - margin, high=effect + margin)


def _resample(groups: Sequence[NDArray[np.intp]], generator: np.random.Generator) -> NDArray[np.intp]:
    """Return the clips of one resample: voices with replacement, then clips of each with replacement."""
    chosen = generator.integers(0, len(groups), len(groups))
    return np.concatenate([generator.choice(groups[index], groups[index].size) for index in chosen])
