"""Verdicts: is a number what it was? A pure function of two snapshots and a noise floor.

For each row and metric the paired difference, now - before, is taken clip by clip and seed by seed:

* `same`: no clip moved by more than the metric's tolerance, or the differences are not more than chance;
* `noisy`: more than chance, and their mean within the noise floor of reruns of the same code;
* `drifted-better`, `drifted-worse`: more than chance and beyond the floor;
* `newly-failing`, `fixed`: a clip lost, or got, a value;
* `missing`: something blessed was not measured;  `new`: something measured was not blessed;
* `incomparable`: what the two rest on differs, and the reason says what.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hsbench.analysis import stats
from hsbench.drift import significance
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


@dataclass(frozen=True)
class Line:
    """One metric of one row.

    Attributes:
        tier: "refit" (scores against the baseline), "first steps", "rescored" (stored audio) or "blessed audio".
        row: name.
        metric: name, or "numbers", or "loss", or "" where the whole row is judged.
        verdict: a key of EXIT.
        reason: what is behind it, "" where the numbers say it.
        paired: the two means and their difference.
        p: of the sign-flip test, None where there was none.
        floor: the noise floor, or the tolerance where that is larger.
        clips: with a value on both sides, the units of the test.
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
    """The most severe of all verdicts; 3 where nothing was compared."""
    if not any(line.paired.n for line in lines):
        return 3
    return max(EXIT[line.verdict] for line in lines)


def judge(before: Snapshot, now: Snapshot, floors: Mapping[tuple[str, str], float]) -> list[Line]:
    """Compare scores with blessed ones.

    Args:
        before: the blessed snapshot.
        now: of a results folder.
        floors: (row, metric) -> the largest mean difference that reruns of the same code would show.
    """
    lines: list[Line] = []
    for row in before.rows:
        if row not in now.rows:
            lines.append(Line("refit", row, "", "missing", "the results have no such row"))
        elif reason := unlike(before, now, row):
            lines.append(Line("refit", row, "", "incomparable", reason))
        else:
            lines.append(_numbers(before, now, row))
            asked = [metric for name, metric in before.scores if name == row]
            lines += [_line(before, now, row, metric, floors.get((row, metric), 0.0)) for metric in asked]
            extra = [metric for name, metric in now.scores if name == row and metric not in asked]
            lines += [Line("refit", row, metric, "new", "not in the baseline") for metric in extra]
    lines += [Line("refit", row, "", "new", "not in the baseline") for row in now.rows if row not in before.rows]
    return _settled(lines)


def exact(found: Sequence[Rescored], tier: str) -> list[Line]:
    """Verdicts on stored audio that was scored again: every value within its metric's own tolerance, or drifted."""
    grouped: dict[tuple[str, str], list[Rescored]] = {}
    for one in found:
        grouped.setdefault((one.row, one.metric), []).append(one)
    return [_exact(tier, row, metric, ones) for (row, metric), ones in grouped.items()]


def _exact(tier: str, row: str, metric: str, found: Sequence[Rescored]) -> Line:
    tables = [
        np.array([[np.nan if value is None else value for value in side]])
        for side in ([one.before for one in found], [one.now for one in found])
    ]
    facts = info(metric)
    made = Line(tier, row, metric, "same", "", stats.paired(*tables), floor=facts.tolerance, clips=len(found))
    for verdict, gap in (("newly-failing", ~np.isfinite(tables[1])), ("fixed", ~np.isfinite(tables[0]))):
        changed = gap & np.isfinite(tables[0] if verdict == "newly-failing" else tables[1])
        if changed.any():
            one = found[int(np.flatnonzero(changed)[0])]
            return dataclasses.replace(made, verdict=verdict, reason=f"clip {one.clip}: {one.status}")
    differences = (tables[1] - tables[0])[np.isfinite(tables[1] - tables[0])]
    if (np.abs(differences) <= facts.tolerance).all():
        return made
    better = (differences.sum() > 0) == (facts.better == "higher")
    farthest = float(np.abs(differences).max())
    reason = f"a clip moved by {farthest:.3g}, tolerance {facts.tolerance:g}"
    return dataclasses.replace(made, verdict="drifted-better" if better else "drifted-worse", reason=reason)


def unlike(before: Snapshot, now: Snapshot, row: str) -> str:
    """Why the whole row cannot be compared, or ""."""
    if before.device != now.device:
        return f"device differs: {before.device} in the baseline, {now.device or 'none'} now"
    a, b = before.rows[row], now.rows[row]
    if (a.model, a.version) != (b.model, b.version) and b.version:
        return f"model differs: {a.model} version {a.version} in the baseline, {b.model} version {b.version} now"
    prints = [side.fingerprints.get(facts.corpus, "none")[:12] for side, facts in ((before, a), (now, b))]
    if prints[0] != prints[1]:
        return f"corpus fingerprints differ: {prints[0]} in the baseline, {prints[1]} now"
    moved = [clip for clip, digest in before.sounds.items() if now.sounds.get(clip, digest) != digest]
    return f"the original of clip {moved[0]} sounds different now" if moved else ""


def _numbers(before: Snapshot, now: Snapshot, row: str) -> Line:
    """How many numbers a clip costs, which no noise moves."""
    a, b = before.rows[row].numbers, now.rows[row].numbers
    verdict = "same" if a == b else ("drifted-worse" if b > a else "drifted-better")
    return Line("refit", row, NUMBERS, verdict, "", stats.Paired(0, a, b, b - a), floor=0.0)


def _line(before: Snapshot, now: Snapshot, row: str, metric: str, floor: float) -> Line:
    """A metric of a row, its verdict open ("") where that depends on all the other comparisons."""
    versions = [side.metrics.get(metric) for side in (before, now)]
    if versions[1] is None:
        return Line("refit", row, metric, "missing", "it was not asked for")
    if versions[0] != versions[1]:
        shown = f"{versions[0]} in the baseline, {versions[1]} now"
        return Line("refit", row, metric, "incomparable", f"versions of {metric} differ: {shown}")
    old, new = before.scores[row, metric], now.scores[row, metric]
    if absent := [key for key in old if key not in new]:
        reason = f"{len(absent)} of {len(old)} clips have no score, such as {absent[0][1]} (seed {absent[0][0]})"
        return Line("refit", row, metric, "missing", reason)
    tables = [_table(side, list(old)) for side in (old, new)]
    floor = max(floor, info(metric).tolerance)
    made = Line("refit", row, metric, "", "", stats.paired(*tables), floor=floor)
    if lost := [key for key, (value, _) in old.items() if value is not None and new[key][0] is None]:
        reason = f"{len(lost)} clips lost their value, such as {lost[0][1]} ({new[lost[0]][1]})"
        return dataclasses.replace(made, verdict="newly-failing", reason=reason)
    differences = stats.per_clip(tables[1] - tables[0])
    differences = differences[np.isfinite(differences)]
    small = bool((np.abs(differences) <= info(metric).tolerance).all())
    made = dataclasses.replace(made, p=1.0 if small else significance.sign_flip(differences), clips=differences.size)
    if got := [key for key, (value, _) in old.items() if value is None and new[key][0] is not None]:
        return dataclasses.replace(made, reason=f"{len(got)} clips have a value now, such as {got[0][1]}")
    return made


def _table(scores: Mapping[tuple[int, str], tuple[float | None, str]], keys: list[tuple[int, str]]) -> NDArray:  # type: ignore[type-arg]
    """[seeds, clips] of the pairs asked for, NaN where there is no value."""
    seeds, clips = (list(dict.fromkeys(key[part] for key in keys)) for part in (0, 1))
    table = np.full((len(seeds), len(clips)), np.nan)
    for seed, clip in keys:
        value = scores[seed, clip][0]
        table[seeds.index(seed), clips.index(clip)] = np.nan if value is None else value
    return table


def _settled(lines: list[Line]) -> list[Line]:
    """Verdicts of the open lines, which share one probability of error."""
    tested = {index: line.p for index, line in enumerate(lines) if line.verdict == "" and line.p is not None}
    significant = significance.holm(tested)
    needed = significance.enough(len(tested))
    return [
        _verdict(line, significant=index in significant, needed=needed) if index in tested else line
        for index, line in enumerate(lines)
    ]


def _verdict(line: Line, *, significant: bool, needed: int) -> Line:
    difference, mild = line.paired.difference, "fixed" if line.reason else "same"
    if difference is None or line.floor is None or line.p == 1.0:
        return dataclasses.replace(line, verdict=mild)
    if line.clips < needed:
        reason = f"{line.clips} clips cannot show a difference among so many comparisons; {needed} can"
        return dataclasses.replace(line, verdict="incomparable", reason=reason)
    if not significant:
        return dataclasses.replace(line, verdict=mild)
    if abs(difference) <= line.floor:
        return dataclasses.replace(line, verdict="fixed" if line.reason else "noisy")
    better = (difference > 0) == (info(line.metric).better == "higher")
    return dataclasses.replace(line, verdict="drifted-better" if better else "drifted-worse")
