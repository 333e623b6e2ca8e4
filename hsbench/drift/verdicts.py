"""Verdicts on scores: a pure function of the blessed snapshot, the present snapshot and the noise floors.

For each row and metric, now - before is computed clip by clip and seed by seed. The verdict is

* `same`: no clip changed by more than the metric's tolerance, or the differences are not significant;
* `noisy`: the differences are significant, but their mean is within the noise floor of reruns of the same code;
* `drifted-better`, `drifted-worse`: the differences are significant and their mean exceeds the noise floor;
* `newly-failing`, `fixed`: a clip lost its value, or has a value now and had none;
* `missing`: something that was blessed was not measured;
* `new`: something that was measured was not blessed;
* `incomparable`: the snapshots differ in corpus, version or device, a fit ran on a processor family that the noise
  floor does not cover, or there are too few clips; the reason says which.

A drift needs both conditions. The sign-flip test treats clips as independent, which holds for INRs that are fitted one
by one. One trained network serves all clips, so another seed moves all of them together: the test then calls mere noise
significant, and only the noise floor tells noise from drift. The floor alone would be too weak for individual INRs: it
rests on a handful of runs, and may be 0 (see hsbench.drift.significance and hsbench.drift.noise).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hsbench.analysis import stats
from hsbench.drift import processors, significance
from hsbench.drift.snapshot import NUMBERS
from hsbench.metrics.base import info

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hsbench.drift.rescoring import Rescored
    from hsbench.drift.snapshot import Snapshot

EXIT = {
    "same": 0,
    "noisy": 0,
    "new": 0,
    "fixed": 0,
    "drifted-better": 1,
    "drifted-worse": 1,
    "newly-failing": 1,
    "missing": 3,
    "incomparable": 3,
}
"""Verdict -> exit code, the mildest first."""

NOTHING = stats.Paired(0)
"""A comparison of no pairs."""


@dataclass(frozen=True)
class Line:
    """The verdict on one row and metric.

    Attributes:
        tier: "refit" (scores against the baseline), "first steps", "rescored" (stored audio) or "blessed audio".
        row: name of the row.
        metric: name of the metric, or "numbers", or "loss", or "" for a verdict on the whole row.
        verdict: a key of EXIT.
        reason: why, in words; "" if the numbers say it.
        paired: the two means and their difference.
        p: p-value of the sign-flip test; None if it was not computed.
        floor: the larger of the noise floor (for audio that is scored again: of what rounding leaves open) and the
            metric's tolerance, in the unit of the metric.
        clips: number of clips that have a value on both sides; the test flips the sign of each.
    """

    tier: str
    row: str
    metric: str
    verdict: str
    reason: str = ""
    paired: stats.Paired = NOTHING
    p: float | None = None
    floor: float | None = None
    clips: int = 0


def exit_code(lines: Sequence[Line]) -> int:
    """Return the exit code of the most severe verdict; 3 if nothing was compared."""
    if not any(line.paired.n for line in lines):
        return 3
    return max(EXIT[line.verdict] for line in lines)


def judge(before: Snapshot, now: Snapshot, floors: Mapping[tuple[str, str], float]) -> list[Line]:
    """Compare the scores of every row with the blessed ones, and return a line for each row and metric.

    Args:
        before: the blessed snapshot.
        now: snapshot of the results to judge.
        floors: (row, metric) -> noise floor: the largest difference of means that reruns of the same code would show.
    """
    lines: list[Line] = []
    for row in before.rows:
        if row not in now.rows:
            lines.append(Line("refit", row, "", "missing", "the results have no such row"))
        elif reason := unlike(before, now, row):
            lines.append(Line("refit", row, "", "incomparable", reason))
        else:
            lines.append(_numbers(before, now, row))
            blessed = [metric for name, metric in before.scores if name == row]
            reason = other_processor(before, now, row)
            lines += [
                undecided(_line(before, now, row, metric, floors.get((row, metric), 0.0)), reason) for metric in blessed
            ]
            added = [metric for name, metric in now.scores if name == row and metric not in blessed]
            lines += [Line("refit", row, metric, "new", "not in the baseline") for metric in added]
    lines += [Line("refit", row, "", "new", "not in the baseline") for row in now.rows if row not in before.rows]
    return _with_verdicts(lines)


def exact(scores: Sequence[Rescored], tier: str) -> list[Line]:
    """Judge stored audio that was scored again: a value that moved by more than its metric's tolerance has drifted.

    What float64 rounding leaves open for an estimate is allowed too, where that is more than the tolerance (see
    hsbench.drift.rounding).

    Args:
        scores: the recorded and the present score of each clip.
        tier: "rescored" or "blessed audio".

    Returns:
        A line for each row and metric.
    """
    grouped: dict[tuple[str, str], list[Rescored]] = {}
    for score in scores:
        grouped.setdefault((score.row, score.metric), []).append(score)
    return [_exact(tier, row, metric, group) for (row, metric), group in grouped.items()]


def _exact(tier: str, row: str, metric: str, scores: Sequence[Rescored]) -> Line:
    """Judge the clips of one row and metric; see `exact`."""
    tables = [
        np.array([[np.nan if value is None else value for value in values]])
        for values in ([score.before for score in scores], [score.now for score in scores])
    ]
    facts = info(metric)
    line = Line(tier, row, metric, "same", "", stats.paired(*tables), floor=facts.tolerance, clips=len(scores))
    for verdict, gap in (("newly-failing", ~np.isfinite(tables[1])), ("fixed", ~np.isfinite(tables[0]))):
        changed = gap & np.isfinite(tables[0] if verdict == "newly-failing" else tables[1])
        if changed.any():
            first = scores[int(np.flatnonzero(changed)[0])]
            return dataclasses.replace(line, verdict=verdict, reason=f"clip {first.clip}: {first.status}")
    return _moved(line, scores)


def _moved(line: Line, scores: Sequence[Rescored]) -> Line:
    """Judge the clips that have a value on both sides; the line has the verdict `same` and the metric's tolerance."""
    facts = info(line.metric)
    changes = [
        (score, score.now - score.before)
        for score in scores
        if score.now is not None and score.before is not None and abs(score.now - score.before) > facts.tolerance
    ]
    if not changes:
        return line
    drifted = [(score, change) for score, change in changes if abs(change) > score.rounding]
    if not drifted:
        open_digits = max(score.rounding for score, _ in changes)
        reason = f"within what float64 rounding leaves open for this estimate: {open_digits:.1e}"
        return dataclasses.replace(line, reason=reason, floor=open_digits)
    score, change = max(drifted, key=lambda pair: abs(pair[1]))
    better = (sum(change for _, change in drifted) > 0) == (facts.better == "higher")
    reason = f"a clip changed by {abs(change):.3g}, tolerance {max(facts.tolerance, score.rounding):.3g}"
    return dataclasses.replace(line, verdict="drifted-better" if better else "drifted-worse", reason=reason)


def unlike(before: Snapshot, now: Snapshot, row: str) -> str:
    """Return why a whole row cannot be compared, or "" if it can.

    Args:
        before: the blessed snapshot.
        now: snapshot of the results to judge.
        row: name of a row that is in both snapshots.
    """
    if before.device != now.device:
        return f"device differs: {before.device} in the baseline, {now.device or 'none'} now"
    a, b = before.rows[row], now.rows[row]
    if (a.model, a.version) != (b.model, b.version) and b.version:
        return f"model differs: {a.model} version {a.version} in the baseline, {b.model} version {b.version} now"
    for name, corpora in (("corpus", (a.corpus, b.corpus)), ("training corpus", (a.trained_on, b.trained_on))):
        old, new = (
            side.fingerprints.get(corpus or "", "none")[:12]
            for side, corpus in zip((before, now), corpora, strict=True)
        )
        if old != new:
            return f"{name} fingerprints differ: {old} in the baseline, {new} now"
    changed = [clip for clip, digest in before.sounds.items() if now.sounds.get(clip, digest) != digest]
    return f"the samples of the original clip {changed[0]} differ from those in the baseline" if changed else ""


def other_processor(before: Snapshot, now: Snapshot, row: str) -> str:
    """Return why the processor makes the fits of a row incomparable; "" if it does not, or nothing is fitted.

    A row without a learning curve in the baseline is not fitted. On a GPU the processor does not compute the fits.

    Args:
        before: the blessed snapshot.
        now: snapshot of the results to judge.
        row: name of a row that is in both snapshots.
    """
    if now.device != "cpu" or not before.curves.get(row):
        return ""
    return processors.difference(before.families, now.families)


def undecided(line: Line, reason: str) -> Line:
    """Return a line with the verdict `incomparable` for a reason; with no reason, or nothing measured, return the line.

    Scores that are missing stay missing: a fit that failed is no matter of the processor.
    """
    if not reason or line.verdict in ("missing", "incomparable"):
        return line
    return dataclasses.replace(line, verdict="incomparable", reason=reason, p=None)


def _numbers(before: Snapshot, now: Snapshot, row: str) -> Line:
    """Compare the numbers stored per clip, which have no noise."""
    a, b = before.rows[row].numbers, now.rows[row].numbers
    verdict = "same" if a == b else ("drifted-worse" if b > a else "drifted-better")
    return Line("refit", row, NUMBERS, verdict, "", stats.Paired(0, a, b, b - a), floor=0.0)


def _line(before: Snapshot, now: Snapshot, row: str, metric: str, floor: float) -> Line:
    """Compare one row and metric.

    The verdict is left open ("") if it depends on the p-values of all comparisons; `_with_verdicts` fills it in.
    """
    versions = [side.metrics.get(metric) for side in (before, now)]
    if versions[1] is None:
        return Line("refit", row, metric, "missing", "the metric was not computed")
    if versions[0] != versions[1]:
        difference = f"{versions[0]} in the baseline, {versions[1]} now"
        return Line("refit", row, metric, "incomparable", f"versions of {metric} differ: {difference}")
    old, new = before.scores[row, metric], now.scores[row, metric]
    if gaps := [key for key in old if key not in new]:
        reason = f"{len(gaps)} of {len(old)} scores are missing, the first of clip {gaps[0][1]}, seed {gaps[0][0]}"
        return Line("refit", row, metric, "missing", reason)
    tables = [_table(side, list(old)) for side in (old, new)]
    floor = max(floor, info(metric).tolerance)
    line = Line("refit", row, metric, "", "", stats.paired(*tables), floor=floor)
    if lost := [key for key, (value, _) in old.items() if value is not None and new[key][0] is None]:
        reason = f"values lost: {len(lost)}, the first of clip {lost[0][1]} ({new[lost[0]][1]})"
        return dataclasses.replace(line, verdict="newly-failing", reason=reason)
    differences = stats.per_clip(tables[1] - tables[0])
    differences = differences[np.isfinite(differences)]
    small = bool((np.abs(differences) <= info(metric).tolerance).all())
    line = dataclasses.replace(line, p=1.0 if small else significance.sign_flip(differences), clips=differences.size)
    if gained := [key for key, (value, _) in old.items() if value is None and new[key][0] is not None]:
        return dataclasses.replace(line, reason=f"values gained: {len(gained)}, the first of clip {gained[0][1]}")
    return line


def _table(scores: Mapping[tuple[int, str], tuple[float | None, str]], keys: list[tuple[int, str]]) -> NDArray:  # type: ignore[type-arg]
    """Return the values of some (seed, clip) pairs as a table: [seeds, clips], NaN where there is no value."""
    seeds, clips = (list(dict.fromkeys(key[part] for key in keys)) for part in (0, 1))
    table = np.full((len(seeds), len(clips)), np.nan)
    for seed, clip in keys:
        value = scores[seed, clip][0]
        table[seeds.index(seed), clips.index(clip)] = np.nan if value is None else value
    return table


def _with_verdicts(lines: list[Line]) -> list[Line]:
    """Fill in the open verdicts, which share one probability of a false alarm among all of them."""
    tested = {index: line.p for index, line in enumerate(lines) if line.verdict == "" and line.p is not None}
    significant = significance.holm(tested)
    needed = significance.enough(len(tested))
    return [
        _verdict(line, significant=index in significant, needed=needed) if index in tested else line
        for index, line in enumerate(lines)
    ]


def _verdict(line: Line, *, significant: bool, needed: int) -> Line:
    """Fill in the verdict of one line.

    Args:
        line: the comparison, whose verdict is still open.
        significant: whether its difference is significant by Holm's correction.
        needed: minimum number of clips that can show a difference among all the comparisons.
    """
    difference, mild = line.paired.difference, "fixed" if line.reason else "same"
    if difference is None or line.floor is None or line.p == 1.0:
        return dataclasses.replace(line, verdict=mild)
    if line.clips < needed:
        reason = f"too few clips for so many comparisons: {line.clips}, needed {needed}"
        return dataclasses.replace(line, verdict="incomparable", reason=reason)
    if not significant:
        return dataclasses.replace(line, verdict=mild)
    if abs(difference) <= line.floor:
        return dataclasses.replace(line, verdict="fixed" if line.reason else "noisy")
    better = (difference > 0) == (info(line.metric).better == "higher")
    return dataclasses.replace(line, verdict="drifted-better" if better else "drifted-worse")
