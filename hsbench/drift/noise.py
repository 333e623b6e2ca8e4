"""The noise floor: how far the means of two runs of the same code lie apart.

The mean of a row and metric over its clips is taken in the blessed run and in each of R reruns with other seeds and
thread counts. With s their standard deviation, two runs differ by sqrt(2) s t, t the quantile of Student's t with R
degrees of freedom that leaves 0.05 on both sides, shared out among all comparisons. A difference within that is noise.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from hsbench.drift import significance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.drift.snapshot import Score

    Scores = Mapping[tuple[str, str], Mapping[tuple[int, str], Score]]


def means(runs: Sequence[Scores]) -> dict[tuple[str, str], tuple[float, ...]]:
    """(row, metric) -> the mean of each run over the clips that all runs have a value for; none without such clips.

    Args:
        runs: the blessed scores first, then those of each rerun.
    """
    found = {}
    for key in runs[0]:
        by_clip = [_by_clip(run.get(key, {})) for run in runs]
        common = sorted(set.intersection(*map(set, by_clip)))
        found[key] = tuple(float(np.mean([run[clip] for clip in common])) for run in by_clip) if common else ()
    return found


def floors(found: Mapping[tuple[str, str], Sequence[float]]) -> dict[tuple[str, str], float]:
    """(row, metric) -> noise floor, 0 with fewer than two runs."""
    return {key: floor(one, len(found)) for key, one in found.items()}


def floor(runs: Sequence[float], comparisons: int) -> float:
    """The noise floor of one row and metric, from the mean of each run."""
    from scipy.stats import t

    if len(runs) < 2:
        return 0.0
    quantile = float(t.ppf(1 - significance.LEVEL / (2 * comparisons), len(runs) - 1))
    return math.sqrt(2) * float(np.std(runs, ddof=1)) * quantile


def _by_clip(scores: Mapping[tuple[int, str], Score]) -> dict[str, float]:
    """Clip -> its mean over the seeds that gave it a value."""
    found: dict[str, list[float]] = {}
    for (_, clip), (value, _) in scores.items():
        if value is not None:
            found.setdefault(clip, []).append(value)
    return {clip: sum(values) / len(values) for clip, values in found.items()}
