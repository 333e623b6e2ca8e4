"""Comparison of two results folders, A and B, paired by clip and seed.

Rows are matched by experiment, group (corpora, budget, protocol) and name. Their settings may differ: the comparison is
meant to show the effect of such a change. It is a pure function of the two folders.
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
        experiment: registered name of the experiment.
        group: corpora, budget, protocol and training corpus of the view, such as "demo--quick--fixed-1".
        row: name of the row.
        metric: registered name of the metric.
        paired: the means of A and B over their common (seed, clip) pairs, and the difference B - A.
        verdict: of B relative to A: better, worse, same or incomparable.
        reason: why the two are incomparable, else "".
        settings: the settings that were changed in A or B, as a remark, else "".
    """

    experiment: str
    group: str
    row: str
    metric: str
    paired: stats.Paired
    verdict: str
    reason: str = ""
    settings: str = ""


@dataclass(frozen=True)
class Comparison:
    """The outcome of a comparison.

    Attributes:
        lines: one per metric of every row that both folders have.
        alone: (side, experiment, group, row) of every row that only one folder has; side is "A" or "B".
    """

    lines: tuple[Line, ...]
    alone: tuple[tuple[str, str, str, str], ...]

    @property
    def compared(self) -> bool:
        """Whether at least one metric of one row could be compared."""
        return any(line.verdict != INCOMPARABLE for line in self.lines)


@dataclass(frozen=True)
class _Side:
    """A row of one of the folders, with the scores of each seed."""

    view: View
    row: ViewRow
    scores: Sequence[Scores]

    @property
    def corpus(self) -> ViewCorpus:
        return self.view.corpus(self.row)

    @property
    def training(self) -> str:
        """First digits of the fingerprint of the training corpus; "none" where it is no other than the row's corpus."""
        corpus = self.view.training(self.row)
        return "none" if corpus is None else corpus.fingerprint[:12]


def compare(
    a: tuple[Results, Sequence[View]], b: tuple[Results, Sequence[View]], metrics: Sequence[str] | None = None
) -> Comparison:
    """Compare the rows of two results folders.

    Args:
        a: the first results folder, with those of its views that are compared.
        b: the second results folder, likewise; verdicts are of B relative to A.
        metrics: registered names of the metrics; None for every metric that a view of either side has.
    """
    lines: list[Line] = []
    alone: list[tuple[str, str, str, str]] = []
    views_a, views_b = ({(view.experiment, view.group): view for view in views} for _, views in (a, b))
    for experiment, group in dict.fromkeys([*views_a, *views_b]):
        rows_a = _rows(a[0], views_a.get((experiment, group)))
        rows_b = _rows(b[0], views_b.get((experiment, group)))
        for name in dict.fromkeys([*rows_a, *rows_b]):
            if name in rows_a and name in rows_b:
                lines += _lines(experiment, group, rows_a[name], rows_b[name], metrics)
            else:
                alone.append(("A" if name in rows_a else "B", experiment, group, name))
    return Comparison(tuple(lines), tuple(alone))


def _rows(results: Results, view: View | None) -> dict[str, _Side]:
    """Return name -> row for every row of a view that has cells; empty where there is no view."""
    if view is None:
        return {}
    return {
        row.name: _Side(view, row, [results.folder(cell).scores() for cell in row.cells])
        for row in view.rows
        if row.cells
    }


def _lines(experiment: str, group: str, a: _Side, b: _Side, metrics: Sequence[str] | None) -> list[Line]:
    """Return one line per metric of a row that both folders have."""
    wanted = [name for name in dict.fromkeys([*a.view.metrics, *b.view.metrics]) if metrics is None or name in metrics]
    changed = "; ".join(f"{side.row.settings} in {label}" for label, side in (("A", a), ("B", b)) if side.row.settings)
    return [Line(experiment, group, a.row.name, name, *_compared(a, b, name), changed) for name in wanted]


def _compared(a: _Side, b: _Side, metric: str) -> tuple[stats.Paired, str, str]:
    """Return the paired difference in one metric, the verdict and, where there is none, the reason."""
    print_a, print_b = (side.corpus.fingerprint[:12] for side in (a, b))
    if print_a != print_b:
        return stats.Paired(0), INCOMPARABLE, f"corpus fingerprints differ: {print_a} in A, {print_b} in B"
    trained_a, trained_b = (side.training for side in (a, b))
    if trained_a != trained_b:
        reason = f"fingerprints of the training corpus differ: {trained_a} in A, {trained_b} in B"
        return stats.Paired(0), INCOMPARABLE, reason
    versions = [_versions(side, metric) for side in (a, b)]
    common = versions[0] & versions[1]
    if not common:
        listed_a, listed_b = (" and ".join(map(str, sorted(numbers))) or "none" for numbers in versions)
        return stats.Paired(0), INCOMPARABLE, f"versions of {metric} differ: {listed_a} in A, {listed_b} in B"
    clips_b = set(b.corpus.clips)
    clips = [clip for clip in a.corpus.clips if clip in clips_b]
    seeds = min(len(a.scores), len(b.scores))
    tables = [frame.values(side.scores[:seeds], clips, metric, max(common)) for side in (a, b)]
    paired = stats.paired(*tables)
    if paired.low is None or paired.high is None:
        return paired, INCOMPARABLE, "fewer than two clips have a value on both sides"
    return paired, _verdict(paired.low, paired.high, higher=info(metric).better == "higher"), ""


def _versions(side: _Side, metric: str) -> set[int]:
    """Return the versions of a metric for which the clips of a row have scores."""
    clips = set(side.corpus.clips)
    return {version for cell in side.scores for clip, name, version in cell if name == metric and clip in clips}


def _verdict(low: float, high: float, *, higher: bool) -> str:
    """Return the verdict on B from the interval of B - A: "same" where it contains 0."""
    if low <= 0 <= high:
        return "same"
    return "better" if (low > 0) == higher else "worse"
