"""Whether a row of a table stands above the floors: above silence and above white noise on the same clips.

A row stands above them if its MSE is lower than that of silence, or its STOI higher than that of noise at the level of
the clip. The two metrics complement each other:

* Silence has the MSE of the clip's own power, and every estimate that is the clip plus an unrelated error of at most
  its power is better. Noise would be no measure here: its MSE is twice as large.
* An estimate that sounds like the clip and has other phases, as a vocoder makes, has a larger MSE than silence. It is
  intelligible, which STOI measures; silence has no STOI.

SI-SNR would add nothing to MSE. With rho the correlation of clip and estimate it is 10 log10(rho^2 / (1 - rho^2)), so
-40 dB mean that the best multiple of the estimate explains 0.01 % of the clip's energy, and a difference between -40
and -50 dB is of no interest.

"Lower" and "higher" mean that the paired difference over the clips separates the two (hsbench.analysis.stats); with a
single clip, which has no interval, the values themselves decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hsbench.analysis import stats

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Values = Mapping[str, NDArray[np.float64]]
    """Metric -> scores [seeds, clips]."""

TESTS = {"silence": ("mse", False), "noise": ("stoi", True)}
"""Model of a floor -> the metric in which a row must be better than it, and whether higher values are better."""


def below(row: Values, floors: Mapping[str, Values]) -> bool:
    """Return whether a row stands above none of the floors that it can be compared with.

    Args:
        row: scores of the row.
        floors: model of a floor -> its scores on the same clips.

    Returns:
        False also where nothing can be compared: the table has no floors, or nothing was scored.
    """
    pairs = [
        (row[metric], floors[model][metric], higher)
        for model, (metric, higher) in TESTS.items()
        if model in floors and metric in row and metric in floors[model]
    ]
    outcomes = [outcome for pair in pairs if (outcome := _better(*pair)) is not None]
    return bool(outcomes) and not any(outcomes)


def _better(row: NDArray[np.float64], floor: NDArray[np.float64], higher: bool) -> bool | None:
    """Return whether a row is better than a floor in one metric; None where no clip has both values."""
    a, b = stats.per_clip(row), stats.per_clip(floor)
    common = np.isfinite(a) & np.isfinite(b)
    if not common.any():
        return None
    difference = float((a - b)[common].mean())
    separated = common.sum() == 1 or stats.separable(row, floor)
    return separated and (difference > 0 if higher else difference < 0)
