"""The first steps of a training beside blessed ones: same seed, same losses, before training has amplified anything.

Scores of a hypernetwork trained for a moment differ so much from seed to seed that their noise floor hides a fault of
its training. Its first losses do not: initialisation, order of the clips, loss and encoder are all in them, and
rounding moves them by 1e-5 (see docs/verdicts.md).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from hsbench.analysis import stats
from hsbench.drift import verdicts
from hsbench.drift.snapshot import LOSS, Snapshot

TIER = "first steps"
TOLERANCE = 2e-4
"""Relative; twenty times what other processors' instructions move in the first STEPS."""


def judge(before: Snapshot, now: Snapshot) -> list[verdicts.Line]:
    """A line for each row that both sides hold, can be compared, and was trained when it was blessed.

    Args:
        before: the blessed snapshot.
        now: of a results folder.
    """
    rows = [row for row in before.rows if row in now.rows and not verdicts.unlike(before, now, row)]
    return [_line(before, now, row) for row in rows if before.curves.get(row)]


def _line(before: Snapshot, now: Snapshot, row: str) -> verdicts.Line:
    old, new = before.curves[row], now.curves.get(row, {})
    if lacking := [key for key in old if key not in new]:
        reason = f"{len(lacking)} of {len(old)} losses are not there, such as that of step {lacking[0][2]}"
        return verdicts.Line(TIER, row, LOSS, "missing", reason)
    a, b = (np.array([side[key] for key in old], dtype=float) for side in (old, new))
    made = verdicts.Line(
        TIER, row, LOSS, "same", paired=stats.Paired(a.size, *map(float, (a.mean(), b.mean(), (b - a).mean())))
    )
    if not np.isfinite(b).all():
        return dataclasses.replace(
            made, verdict="newly-failing", reason="a loss is not finite", paired=verdicts.NOTHING
        )
    apart = np.abs(b - a) / np.abs(a)
    if apart.max() <= TOLERANCE:
        return made
    worst = int(apart.argmax())
    reason = f"that of step {list(old)[worst][2]} moved by {apart[worst]:.2g} of itself, tolerance {TOLERANCE:g}"
    verdict = "drifted-better" if (b - a).sum() < 0 else "drifted-worse"
    return dataclasses.replace(made, verdict=verdict, reason=reason)
