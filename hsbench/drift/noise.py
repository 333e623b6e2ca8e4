"""The noise floor: how far apart the means of two runs of the same code may lie by chance.

For a row and metric, let x_0 be the mean over clips in the blessed run, and x_1 ... x_R the means in R reruns of the
same code with other seeds and thread counts. Model: every run draws its mean independently from a normal distribution
with mean mu and variance sigma^2. A later run of the same code draws y from it too. Then

    y - x  has mean 0 and variance  sigma^2 + sigma^2 = 2 sigma^2       (x is the mean of another run),

so its standard deviation is sqrt(2) sigma. sigma is unknown and is estimated from the R + 1 means by
s^2 = sum_i (x_i - mean)^2 / R, which has R degrees of freedom. (y - x) / (sqrt(2) s) then follows Student's t
distribution with R degrees of freedom, exactly if x and y are independent of s. The floor is

    floor = sqrt(2) s t,    t = quantile at 1 - 0.05 / (2 m) of Student's t with R degrees of freedom.

The factor 2 leaves half of the probability on each side. The factor m shares the 5 % out among the m comparisons
(Bonferroni), so that chance alone lifts any of them above its floor in 5 % of checks at most. Here x is x_0, which is
also one of the means behind s, so the t distribution holds approximately; tests/drift/test_verdicts.py simulates it.

Reruns with the first seed on another instruction set show how far rounding alone moves a mean. They are no draws of the
model: their means are near copies of x_0, and counted among the x_i they would make s too small, and with it the floor.
So they take no part in s. Instead, the floor is no smaller than the largest |x_i - x_0| among them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from hsbench.drift import significance

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from hsbench.drift.snapshot import Score

    Scores = Mapping[tuple[str, str], Mapping[tuple[int, str], Score]]


def means(runs: Sequence[Scores]) -> dict[tuple[str, str], tuple[float, ...]]:
    """Return the mean of each run: (row, metric) -> one mean per run, over the clips that have a value in every run.

    A row and metric without such clips has no means.

    Args:
        runs: scores of the blessed run, then those of each rerun.
    """
    means_of_runs = {}
    for key in runs[0]:
        by_clip = [_by_clip(run.get(key, {})) for run in runs]
        common = sorted(set.intersection(*map(set, by_clip)))
        means_of_runs[key] = tuple(float(np.mean([run[clip] for clip in common])) for run in by_clip) if common else ()
    return means_of_runs


def floors(
    means_of_runs: Mapping[tuple[str, str], Sequence[float]], copies: Collection[int] = ()
) -> dict[tuple[str, str], float]:
    """Return the noise floors: (row, metric) -> floor, in the unit of the metric; 0 with fewer than two runs.

    Args:
        means_of_runs: (row, metric) -> the mean of each run, as `means` returns it.
        copies: indices of the runs that differ from the first one in nothing but the instruction set.
    """
    floors_of_pairs = {}
    for key, run_means in means_of_runs.items():
        draws = [mean for index, mean in enumerate(run_means) if index not in copies]
        moved = [abs(mean - run_means[0]) for index, mean in enumerate(run_means) if index in copies]
        floors_of_pairs[key] = max([floor(draws, len(means_of_runs)), *moved])
    return floors_of_pairs


def floor(run_means: Sequence[float], comparisons: int) -> float:
    """Return the noise floor of one row and metric.

    Args:
        run_means: the mean of each run.
        comparisons: number of rows and metrics that are compared at once.
    """
    from scipy.stats import t

    if len(run_means) < 2:
        return 0.0
    quantile = float(t.ppf(1 - significance.LEVEL / (2 * comparisons), len(run_means) - 1))
    return math.sqrt(2) * float(np.std(run_means, ddof=1)) * quantile


def _by_clip(scores: Mapping[tuple[int, str], Score]) -> dict[str, float]:
    """Return the mean of each clip over the seeds that have a value for it: clip identifier -> mean."""
    values_of_clips: dict[str, list[float]] = {}
    for (_, clip), (value, _) in scores.items():
        if value is not None:
            values_of_clips.setdefault(clip, []).append(value)
    return {clip: sum(values) / len(values) for clip, values in values_of_clips.items()}
