"""Statistics of a table: means over clips, bootstrap intervals, paired comparisons.

Conventions: the scores of one table row in one metric are an array [seeds, clips], float64, NaN where a clip has no
value. Intervals are 95 % percentile bootstrap intervals (Efron and Tibshirani, An Introduction to the Bootstrap, 1993)
over seeds and clips; `_interval` derives them. The random numbers come from a fixed seed, so the same results always
give the same report.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESAMPLES = 2000
"""Resamples of one bootstrap interval."""
LEVEL = 0.95
"""Coverage of the intervals."""


@dataclass(frozen=True)
class Summary:
    """Mean, interval and coverage of one table row in one metric.

    Attributes:
        mean: mean over the clips that have a value (over seeds first), or None where no clip has one.
        low: lower end of the 95 % interval of the mean; None where fewer than two clips have a value.
        high: upper end of the interval; None likewise.
        n: number of (seed, clip) pairs that have a value.
        n_total: number of (seed, clip) pairs that were to be scored.
    """

    mean: float | None
    low: float | None
    high: float | None
    n: int
    n_total: int


def summarise(values: NDArray[np.float64]) -> Summary:
    """Return the mean over clips with its interval. [seeds, clips] -> Summary."""
    scored = np.isfinite(values)
    n, total = int(scored.sum()), values.size
    if n == 0:
        return Summary(None, None, None, 0, total)
    kept = values[:, scored.any(axis=0)]
    mean = float(_mean_over_clips(kept))
    if kept.shape[1] < 2:
        return Summary(mean, None, None, n, total)
    low, high = _interval(kept)
    return Summary(mean, low, high, n, total)


@dataclass(frozen=True)
class Paired:
    """Two rows compared over the (seed, clip) pairs for which both have a value.

    Attributes:
        n: number of such pairs.
        a: mean of the first row over these pairs; None where there are none.
        b: mean of the second row over the same pairs.
        difference: mean of b - a.
        low: lower end of the 95 % interval of the difference; None where the pairs cover fewer than two clips.
        high: upper end of the interval.
    """

    n: int
    a: float | None = None
    b: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None


def paired(a: NDArray[np.float64], b: NDArray[np.float64]) -> Paired:
    """Return the difference b - a with its interval, taken clip by clip and seed by seed.

    Args:
        a: [seeds, clips], scores of the first row.
        b: [seeds, clips], scores of the second row on the same clips; seed number s of both rows is one pair.
    """
    difference = b - a
    both = np.isfinite(difference)
    if not both.any():
        return Paired(0)
    kept = both.any(axis=0)
    difference = difference[:, kept]
    mean_a, mean_b = (_mean_over_clips(np.where(both, side, np.nan)[:, kept]) for side in (a, b))
    low, high = _interval(difference) if difference.shape[1] > 1 else (None, None)
    return Paired(int(both.sum()), mean_a, mean_b, _mean_over_clips(difference), low, high)


def separable(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Return whether the paired difference separates two rows: whether its 95 % interval excludes 0.

    Args:
        a: [seeds, clips], scores of the first row.
        b: [seeds, clips], scores of the second row on the same clips; the numbers of seeds may differ.
    """
    # Why paired. Clips differ in difficulty far more than rows do. With d[c] the difficulty of clip c, which both rows
    # share, and e[c] what is left,
    #     a[c] = mean_a + d[c] + e_a[c],    b[c] = mean_b + d[c] + e_b[c].
    # In a[c] - b[c] the difficulty cancels. The variance of the mean difference over C clips is
    # (var(e_a) + var(e_b)) / C, while the difference of two independent means would have 2 var(d) / C on top. So two
    # rows can be separable though their own intervals, which contain var(d) / C, overlap. Seeds of two rows are not
    # pairs: they are averaged first.
    difference = per_clip(a) - per_clip(b)
    common = difference[np.isfinite(difference)]
    if common.size < 2:
        return False
    low, high = _interval(common[None, :])
    return low > 0 or high < 0


def best_rows(rows: list[NDArray[np.float64]], *, higher: bool) -> list[bool]:
    """Return which rows to print in bold: the best one, and every row that is not separable from it.

    Best means the best mean over the clips that every row has a value for, so that no row gains from a hard clip which
    it could not be scored on. A row without any value is left out, and a single row is never bold.

    Args:
        rows: one [seeds, clips] array per row, over the same clips; the numbers of seeds may differ.
        higher: whether a higher value is better.
    """
    scored = [index for index, row in enumerate(rows) if np.isfinite(row).any()]
    bold = [False] * len(rows)
    if len(scored) < 2:
        return bold
    by_clip = np.stack([per_clip(rows[index]) for index in scored])
    common = np.isfinite(by_clip).all(axis=0)
    if not common.any():
        return bold
    means = by_clip[:, common].mean(axis=1)
    best = scored[int(means.argmax() if higher else means.argmin())]
    for index in scored:
        bold[index] = index == best or not separable(rows[best][:, common], rows[index][:, common])
    return bold


def paper_mean(values: NDArray[np.float64], batch: int = 16) -> float | None:
    """Return the mean of batch means, as the published evaluation takes it: [clips] -> number, None without a batch.

    Args:
        values: [clips] in evaluation order, NaN where a clip has no value.
        batch: clips in a batch: 16 in the HyperSound reference code, 1 for Table 2d.
    """
    # The reference code evaluates batches of B clips in order, averages a metric within each batch, and then averages
    # the batch means:
    #     published mean = (1 / K) sum over the K batches k of (1 / n_k) sum of x[c] over the n_k clips c of batch k.
    # Two things make it differ from the mean over clips.
    # 1. If B does not divide the number of clips, the last batch has r < B of them. Each of these weighs 1 / (K r),
    #    every other clip 1 / (K B): a short last batch weighs as much as a full one.
    # 2. The mean of a batch that holds a NaN is NaN, and such a batch is left out: one clip without a value removes its
    #    whole batch from the mean.
    # With B = 1 it is the mean over the clips that have a value.
    full = values.size // batch * batch
    batches = values[:full].reshape(-1, batch)
    means = batches[np.isfinite(batches).all(axis=1)].mean(axis=1).tolist()
    if full < values.size and np.isfinite(values[full:]).all():
        means.append(float(values[full:].mean()))
    return sum(means) / len(means) if means else None


def penalised_mean(values: NDArray[np.float64], failed: NDArray[np.bool_], worst: float | None) -> float | None:
    """Return the mean in which a failed estimate counts as the worst value: [seeds, clips] -> number.

    Without such values, a model that fails on hard clips can have a better mean than one that rebuilds them badly.

    Args:
        values: [seeds, clips], NaN where a clip has no value.
        failed: [seeds, clips], whether the value is missing because of the estimate. A value that is missing for
            another reason, such as a silent reference, is left out of the mean.
        worst: the worst value of the metric; None where it has none.

    Returns:
        None where no clip has a value and none failed, and where an estimate failed and there is no worst value.
    """
    if failed.any() and worst is None:
        return None
    penalised = values if worst is None else np.where(failed, worst, values)
    return _mean_over_clips(penalised) if np.isfinite(penalised).any() else None


def per_clip(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each clip's mean over the seeds that have a value: [seeds, clips] -> [clips], NaN where none has."""
    scored = np.isfinite(values)
    count = scored.sum(axis=0)
    total = np.where(scored, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _mean_over_clips(values: NDArray[np.float64]) -> float:
    """Mean over seeds, then over the clips that have a value: [seeds, clips] -> number."""
    return float(np.nanmean(per_clip(values)))


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean over clips: [seeds, clips] -> (low, high)."""
    # The mean of a row depends on the clips that happened to be chosen and on the seeds that happened to be trained:
    #     x[s, c] = mean + seed effect[s] + clip effect[c] + rest[s, c].
    # With S seeds and C clips its variance is
    #     var(seed effect) / S + var(clip effect) / C + var(rest) / (S C).
    # Drawing the S C values independently of each other would divide all three variances by S C and give an interval
    # far too narrow. So every resample draws S whole seeds and C whole clips, both with replacement, and takes the mean
    # of the drawn table. Its spread has the first two terms (up to the factors (S - 1) / S and (C - 1) / C of every
    # bootstrap) and overstates the third, which is the smallest (Owen, The pigeonhole bootstrap, 2007).
    # The mean is taken over seeds first, then over clips, as in the table, so a clip that only some seeds have a value
    # for still counts once. The interval reaches from the 2.5 % to the 97.5 % quantile of the RESAMPLES means; a
    # resample in which no clip has a value is passed over.
    seeds, clips = values.shape
    drawn_clips, drawn_seeds, counts = _resamples(seeds, clips)
    if seeds == 1:
        # Every clip has a value here. If clip c was drawn counts[c] times, the mean of a resample is the sum over c of
        # counts[c] x[c] / C: one product of a [RESAMPLES, clips] matrix with the scores gives all means at once.
        means = counts @ values[0] / clips
    else:
        means = np.array([np.nanmean(per_clip(values[s])[c]) for s, c in zip(drawn_seeds, drawn_clips, strict=True)])
    low, high = np.nanpercentile(means, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return float(low), float(high)


@functools.lru_cache(maxsize=4)  # the cells of a table share one size, and these arrays take megabytes
def _resamples(seeds: int, clips: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the resamples, the same at every call, as read-only arrays.

    Returns:
        Indices of the drawn clips [RESAMPLES, clips], indices of the drawn seeds [RESAMPLES, seeds], and how often each
        clip was drawn [RESAMPLES, clips].
    """
    generator = np.random.default_rng(0)
    clip, seed = generator.integers(0, clips, (RESAMPLES, clips)), generator.integers(0, seeds, (RESAMPLES, seeds))
    counts = np.stack([np.bincount(resample, minlength=clips) for resample in clip]).astype(np.float64)
    for array in (clip, seed, counts):
        array.setflags(write=False)
    return clip, seed, counts
