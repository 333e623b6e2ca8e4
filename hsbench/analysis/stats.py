"""Statistics of a table: means over clips, bootstrap intervals, paired comparisons.

Conventions: values are [seeds, clips], float64, NaN where a clip has no value. Resampling draws seeds, then clips,
with replacement; its random numbers come from a fixed seed, so a report of the same results is the same report.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESAMPLES = 2000
LEVEL = 0.95


@dataclass(frozen=True)
class Summary:
    """A table cell.

    Attributes:
        mean: over the scored values, or None where there is none.
        low: lower end of the 95 % interval, None below two clips.
        high: upper end.
        n: scored clip-seed pairs.
        n_total: wanted clip-seed pairs.
    """

    mean: float | None
    low: float | None
    high: float | None
    n: int
    n_total: int


def summarise(values: NDArray[np.float64]) -> Summary:
    """Mean over clips and its interval. [seeds, clips] -> Summary."""
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
    """Two rows over the pairs that both have a value for.

    Attributes:
        n: clip-seed pairs.
        a: mean of the first over the pairs, None without any.
        b: mean of the second.
        difference: mean of b - a.
        low: lower end of its 95 % interval, None below two clips.
        high: upper end.
    """

    n: int
    a: float | None = None
    b: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None


def paired(a: NDArray[np.float64], b: NDArray[np.float64]) -> Paired:
    """The difference b - a, clip by clip and seed by seed.

    Args:
        a: [seeds, clips].
        b: [seeds, clips], the same clips and seeds.
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
    """Whether two rows differ, by the paired difference over the clips that both could be scored on.

    Args:
        a: [seeds, clips].
        b: [seeds, clips] over the same clips.
    """
    difference = per_clip(a) - per_clip(b)
    common = difference[np.isfinite(difference)]
    if common.size < 2:
        return False
    low, high = _interval(common[None, :])
    return low > 0 or high < 0


def best_rows(rows: list[NDArray[np.float64]], *, higher: bool) -> list[bool]:
    """Which rows to print in bold: the best over the clips common to all, and every row not separable from it.

    A row without any value takes no part.

    Args:
        rows: one [seeds, clips] array per row, over the same clips; seeds may differ in number.
        higher: whether more is better.
    """
    taking_part = [index for index, row in enumerate(rows) if np.isfinite(row).any()]
    bold = [False] * len(rows)
    if len(taking_part) < 2:
        return bold
    by_clip = np.stack([per_clip(rows[index]) for index in taking_part])
    common = np.isfinite(by_clip).all(axis=0)
    if not common.any():
        return bold
    means = by_clip[:, common].mean(axis=1)
    best = taking_part[int(means.argmax() if higher else means.argmin())]
    for index in taking_part:
        bold[index] = index == best or not separable(rows[best][:, common], rows[index][:, common])
    return bold


def paper_mean(values: NDArray[np.float64], batch: int = 16) -> float | None:
    """The average of the published evaluation: the mean of the means of successive batches. [clips] -> number or None.

    One clip without a value loses its whole batch, and a short last batch weighs as much as a full one. Table 2d was
    averaged with a batch of 1. Source: the HyperSound reference code.
    """
    full = values.size // batch * batch
    batches = values[:full].reshape(-1, batch)
    means = batches[np.isfinite(batches).all(axis=1)].mean(axis=1).tolist()
    if full < values.size and np.isfinite(values[full:]).all():
        means.append(float(values[full:].mean()))
    return sum(means) / len(means) if means else None


def per_clip(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the seeds that scored each clip: [seeds, clips] -> [clips], NaN where none did."""
    scored = np.isfinite(values)
    count = scored.sum(axis=0)
    total = np.where(scored, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _mean_over_clips(values: NDArray[np.float64]) -> float:
    return float(np.nanmean(per_clip(values)))


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Percentile bootstrap of the mean over clips."""
    seeds, clips = values.shape
    drawn, chosen, counts = _drawn(seeds, clips)
    if seeds == 1:
        means = counts @ values[0] / clips
    else:
        means = np.array([np.nanmean(per_clip(values[s])[c]) for s, c in zip(chosen, drawn, strict=True)])
    low, high = np.nanpercentile(means, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return float(low), float(high)


@functools.lru_cache(maxsize=4)  # a table asks for the same numbers again and again, and they are megabytes
def _drawn(seeds: int, clips: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The resamples, always the same: clips [RESAMPLES, clips], seeds [RESAMPLES, seeds], how often each clip came."""
    generator = np.random.default_rng(0)
    clip, seed = generator.integers(0, clips, (RESAMPLES, clips)), generator.integers(0, seeds, (RESAMPLES, seeds))
    counts = np.stack([np.bincount(one, minlength=clips) for one in clip]).astype(np.float64)
    drawn = clip, seed, counts
    for one in drawn:
        one.setflags(write=False)
    return drawn
