"""Compare the losses of the first training steps with the blessed ones, which have the same seed.

The scores of a hypernetwork after a short training differ so much from seed to seed that their noise floor hides a
fault in the training. Its first losses show the fault: they depend on the initialisation, the order of the clips, the
loss, the learning rate and the network, and with the same seed on nothing else but rounding.

Why the tolerance is 2e-4. Write the loss of step k as L_k(1 + e_k), where e_k is the relative effect of rounding.
float32 rounds by 6e-8, and every training step carries the rounding error of the parameters on and amplifies it, so e_k
grows with k. Measured on one machine that was limited to the instructions of older ones, |e_k| <= 1e-5 for the first
STEPS recorded steps of a training that all clips share, and 1e-3 ten steps later (docs/drift.md). The tolerance lies
between the two kinds of change:

    1e-5 (rounding, another processor)  <  2e-4  <  0.12 (a learning rate that is 5 % too high, at the third loss)

twenty times above rounding and six hundred times below that fault. Later losses are not compared: rounding then moves
them by as much as a small fault does.

Why the median over clips. Clips that are fitted by themselves have one loss each. Adam divides a gradient by its own
size, so where a gradient is so near 0 that rounding turns its sign, a parameter moves by the whole learning rate the
other way. Most clips have no such parameter in their first steps, a few have: with SSE4 in place of AVX-512, e_k of 12
SIREN fits has the median 4e-6 and, in one clip, 1.4e-3. A fault of the training moves all clips (a learning rate that
is 5 % too high: median 1e-2 with SIREN, 3e-3 with FMLP). So the losses of a step are judged by the median of |e_k| over
clips. The first loss is that of the initial parameters, before any update could amplify (e_0 <= 2e-6 in all clips), and
there the largest |e_0| counts: an initialisation, clip or loss function that is wrong for a single clip is found.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from hsbench.analysis import stats
from hsbench.drift import verdicts
from hsbench.drift.snapshot import LOSS, Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TIER = "first steps"
"""Name of this tier in the lines of a check."""
TOLERANCE = 2e-4
"""Largest relative change of a step's losses that counts as rounding; the module header derives it."""


def judge(before: Snapshot, now: Snapshot) -> list[verdicts.Line]:
    """Return a line for each row that was blessed with losses, is in both snapshots and can be compared.

    Args:
        before: the blessed snapshot.
        now: snapshot of the results to judge.
    """
    rows = [row for row in before.rows if row in now.rows and not verdicts.unlike(before, now, row)]
    return [
        verdicts.undecided(_line(before, now, row), verdicts.other_processor(before, now, row))
        for row in rows
        if before.curves.get(row)
    ]


def _line(before: Snapshot, now: Snapshot, row: str) -> verdicts.Line:
    """Compare the first losses of one row."""
    old, new = before.curves[row], now.curves.get(row, {})
    if missing := [key for key in old if key not in new]:
        reason = f"{len(missing)} of {len(old)} losses are missing, the first at step {missing[0][2]}"
        return verdicts.Line(TIER, row, LOSS, "missing", reason)
    a, b = (np.array([losses[key] for key in old], dtype=float) for losses in (old, new))
    line = verdicts.Line(
        TIER, row, LOSS, "same", paired=stats.Paired(a.size, *map(float, (a.mean(), b.mean(), (b - a).mean())))
    )
    if not np.isfinite(b).all():
        return dataclasses.replace(
            line, verdict="newly-failing", reason="a loss is not finite", paired=verdicts.NOTHING
        )
    step, change = _largest_change([*old], np.abs(b - a) / np.abs(a))
    if change <= TOLERANCE:
        return line
    reason = f"the loss of step {step} has a relative change of {change:.2g}, tolerance {TOLERANCE:g}"
    verdict = "drifted-better" if (b - a).sum() < 0 else "drifted-worse"
    return dataclasses.replace(line, verdict=verdict, reason=reason)


def _largest_change(keys: Sequence[tuple[int, str, int]], changes: NDArray[np.float64]) -> tuple[int, float]:
    """Return the step whose losses changed most, and by how much.

    The change of a step is the median over clips, and that of the first step the largest of any clip.

    Args:
        keys: (seed, clip, step) of each loss.
        changes: relative change of each loss, 0 or more.
    """
    changes_of_steps: dict[tuple[int, int], list[float]] = {}
    for (seed, _, step), change in zip(keys, changes.tolist(), strict=True):
        changes_of_steps.setdefault((seed, step), []).append(change)
    first = min(step for _, step in changes_of_steps)
    by_step = {
        key: max(of_clips) if key[1] == first else float(np.median(of_clips))
        for key, of_clips in changes_of_steps.items()
    }
    (_, worst), change = max(by_step.items(), key=lambda item: item[1])
    return worst, change
