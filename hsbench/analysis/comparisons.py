"""Two results folders against each other, paired by clip and seed.

Rows meet by experiment, group (corpora, budget, protocol) and name, whatever their settings: what changed between the
two folders is the question. A pure function of the two folders.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.analysis import frame, stats
from hsbench.metrics.base import info

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.results.store import Results
    from hsbench.results.view import View, ViewCorpus, ViewRow

    Scores = Mapping[tuple[str, str, int], Mapping[str, Any]]

INCOMPARABLE = "incomparable"


@dataclass(frozen=True)
class Line:
    """One metric of one row.

    Attributes:
        experiment: name.
        group: corpora, budget and protocol, as in the view.
        row: name.
        metric: name.
        paired: the two means and their difference B - A.
        verdict: better, worse or same (B against A), or incomparable.
        reason: why it is incomparable, else "".
    """

    experiment: str
    group: str
    row: str
    metric: str
    paired: stats.Paired
    verdict: str
    reason: str = ""


@dataclass(frozen=True)
class Comparison:
    """All lines, and (side, experiment, group, row) of the rows that only one side has."""

    lines: tuple[Line, ...]
    alone: tuple[tuple[str, str, str, str], ...]

    @property
    def compared(self) -> bool:
        """Whether any line has a verdict."""
        return any(line.verdict != INCOMPARABLE for line in self.lines)


@dataclass(frozen=True)
class _Side:
    """A row of one folder, with the scores of each of its seeds."""

    view: View
    row: ViewRow
    scores: Sequence[Scores]

    @property
    def corpus(self) -> ViewCorpus:
        return self.view.corpus(self.row)


def compare(
    a: tuple[Results, Sequence[View]], b: tuple[Results, Sequence[View]], metrics: Sequence[str] | None = None
) -> Comparison:
    """Compare what two folders hold.

    Args:
        a: a results folder and those of its views to compare.
        b: the other one.
        metrics: names; by default every metric that either side asked for.
    """
    lines: list[Line] = []
    alone: list[tuple[str, str, str, str]] = []
    views = [{(view.experiment, view.group): view for view in side[1]} for side in (a, b)]
    for experiment, group in dict.fromkeys([*views[0], *views[1]]):
        left, right = (
            _rows(side[0], known.get((experiment, group))) for side, known in zip((a, b), views, strict=True)
        )
        for name in dict.fromkeys([*left, *right]):
            if name in left and name in right:
                lines += _lines(experiment, group, left[name], right[name], metrics)
            else:
                alone.append(("A" if name in left else "B", experiment, group, name))
    return Comparison(tuple(lines), tuple(alone))


def _rows(results: Results, view: View | None) -> dict[str, _Side]:
    """Row name -> the row, of those that have cells; empty without a view."""
    if view is None:
        return {}
    return {
        row.name: _Side(view, row, [results.folder(cell).scores() for cell in row.cells])
        for row in view.rows
        if row.cells
    }


def _lines(experiment: str, group: str, a: _Side, b: _Side, metrics: Sequence[str] | None) -> list[Line]:
    """A line for each metric of a row that both sides have."""
    wanted = [name for name in dict.fromkeys([*a.view.metrics, *b.view.metrics]) if metrics is None or name in metrics]
    return [Line(experiment, group, a.row.name, name, *_judged(a, b, name)) for name in wanted]


def _judged(a: _Side, b: _Side, metric: str) -> tuple[stats.Paired, str, str]:
    """The paired difference with its verdict and, where there is none, the reason."""
    prints = [side.corpus.fingerprint[:12] for side in (a, b)]
    if prints[0] != prints[1]:
        return stats.Paired(0), INCOMPARABLE, f"corpus fingerprints differ: {prints[0]} in A, {prints[1]} in B"
    versions = [_versions(side, metric) for side in (a, b)]
    common = versions[0] & versions[1]
    if not common:
        shown = [" and ".join(map(str, sorted(one))) or "none" for one in versions]
        return stats.Paired(0), INCOMPARABLE, f"versions of {metric} differ: {shown[0]} in A, {shown[1]} in B"
    there = set(b.corpus.clips)
    clips = [clip for clip in a.corpus.clips if clip in there]
    seeds = min(len(a.scores), len(b.scores))
    tables = [frame.values(side.scores[:seeds], clips, metric, max(common)) for side in (a, b)]
    made = stats.paired(*tables)
    if made.low is None or made.high is None:
        return made, INCOMPARABLE, "fewer than two clips have a value on both sides"
    return made, _verdict(made.low, made.high, higher=info(metric).better == "higher"), ""


def _versions(side: _Side, metric: str) -> set[int]:
    """Versions of a metric that the wanted clips of a row were scored with."""
    clips = set(side.corpus.clips)
    return {version for one in side.scores for clip, name, version in one if name == metric and clip in clips}


def _verdict(low: float, high: float, *, higher: bool) -> str:
    """What B is against A; same where the interval of B - A contains 0."""
    if low <= 0 <= high:
        return "same"
    return "better" if (low > 0) == higher else "worse"
