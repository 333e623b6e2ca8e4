"""Verdicts: every claim measured in a results folder, with effect, interval and the command that computes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.analysis import floors
from hsbench.analysis.claims import quantities
from hsbench.analysis.claims.base import CANNOT_SAY, CONTRADICTED, SUPPORTED
from hsbench.analysis.claims.definitions import CLAIMS, FAMILIES
from hsbench.analysis.claims.intervals import Interval, interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.analysis.claims.base import Claim, Contrast, Count
    from hsbench.results.store import Results
    from hsbench.results.view import View, ViewRow

MINIMUM = 4
"""Smallest number of clips on which anything is decided."""


@dataclass(frozen=True)
class Finding:
    """What one contrast, or the count, of a claim came to.

    Attributes:
        metric: name of the metric or quantity; the unit of a count.
        effect: the effect; None where nothing was measured.
        low: lower end of the interval; None where there is none.
        high: upper end.
        threshold: number that the interval has to lie above or below.
        clips: number of clips.
        voices: number of voices.
        verdict: one of hsbench.analysis.claims.base.VERDICTS.
        reason: why nothing can be said, else "".
    """

    metric: str
    effect: float | None
    low: float | None
    high: float | None
    threshold: float
    clips: int
    voices: int
    verdict: str
    reason: str = ""


@dataclass(frozen=True)
class Verdict:
    """The verdict on one claim.

    Attributes:
        claim: the claim.
        verdict: one of hsbench.analysis.claims.base.VERDICTS.
        findings: one for each contrast, or one for the count.
        command: command that computes what the verdict needs.
    """

    claim: Claim
    verdict: str
    findings: tuple[Finding, ...]
    command: str


def judge(results: Results, view: View, claims: Sequence[Claim] = CLAIMS) -> list[Verdict]:
    """Return the verdict on every claim.

    Args:
        results: the results folder.
        view: view of the experiment `claims`; the views of other experiments are read in the same folder, on the same
            corpus, under the same budget and protocol.
        claims: the claims.
    """
    return [_judged(results, view, claim) for claim in claims]


def _judged(results: Results, view: View, claim: Claim) -> Verdict:
    if claim.count is not None:
        finding = counted(claim.count)
        return Verdict(claim, finding.verdict, (finding,), "hsbench claims")
    command = f"hsbench run {claim.experiment} --budget {view.budget}"
    source = view if claim.experiment == view.experiment else _beside(results, view, claim.experiment)
    if source is None:
        findings = tuple(_open(contrast, f"{claim.experiment} was not run") for contrast in claim.contrasts)
    else:
        findings = tuple(measured(results, source, claim, contrast) for contrast in claim.contrasts)
    return Verdict(claim, combined([finding.verdict for finding in findings]), findings, command)


def combined(verdicts: Sequence[str]) -> str:
    """Return the verdict on a claim from those on its contrasts."""
    if CONTRADICTED in verdicts:
        return CONTRADICTED
    return SUPPORTED if all(verdict == SUPPORTED for verdict in verdicts) else CANNOT_SAY


def decided(low: float | None, high: float | None, threshold: float) -> str:
    """Return the verdict on a contrast from its interval."""
    if low is None or high is None or low <= threshold <= high:
        return CANNOT_SAY
    return SUPPORTED if low > threshold else CONTRADICTED


def counted(count: Count) -> Finding:
    """Return the finding of a count, whose interval is the number itself."""
    value = count.value()
    verdict = SUPPORTED if value > count.threshold else CONTRADICTED
    return Finding(count.unit, value, value, value, count.threshold, 0, 0, verdict)


def measured(results: Results, view: View, claim: Claim, contrast: Contrast) -> Finding:
    """Return the finding of one contrast from the rows of a view."""
    rows, clips = _rows_and_clips(view, held_out=claim.held_out)
    wanted = [name for _, name in contrast.terms]
    if missing := [name for name in (*wanted, *contrast.sound) if name not in rows or not rows[name].cells]:
        return _open(contrast, f"{claim.experiment} has no row {missing[0]}")
    columns = [
        factor * quantities.column(results, view, rows[name], clips, contrast.metric) for factor, name in contrast.terms
    ]
    total = np.sum(columns, axis=0)
    kept = np.flatnonzero(np.isfinite(total))
    if kept.size < MINIMUM:
        return _open(contrast, f"only {kept.size} clips have a value in every row")
    known, fingerprint = results.references(), view.corpus(rows[wanted[0]]).fingerprint
    voices = [str(known.get((fingerprint, clips[index]), {}).get("speaker") or clips[index]) for index in kept]
    found = interval(total[kept], voices, FAMILIES[claim.on], contrast.statistic)
    silent = _below_floor(results, view, rows, clips, contrast.sound)
    return _finding(contrast, found, f"{silent} does not beat silence" if silent else "")


def _finding(contrast: Contrast, found: Interval, reason: str = "") -> Finding:
    verdict = CANNOT_SAY if reason else decided(found.low, found.high, contrast.threshold)
    if not reason and verdict == CANNOT_SAY:
        reason = "the interval has the threshold inside" if found.low is not None else "no interval: nothing varies"
    return Finding(
        contrast.metric,
        found.effect,
        found.low,
        found.high,
        contrast.threshold,
        found.clips,
        found.voices,
        verdict,
        reason,
    )


def _open(contrast: Contrast, reason: str) -> Finding:
    return Finding(contrast.metric, None, None, None, contrast.threshold, 0, 0, CANNOT_SAY, reason)


def _beside(results: Results, view: View, experiment: str) -> View | None:
    """Return the view of another experiment on the same corpus, under the same budget and protocol, if there is one."""
    prints = {corpus.fingerprint for corpus in view.corpora.values()}
    for other in results.views(experiment).values():
        same = (other.budget, other.protocol) == (view.budget, view.protocol)
        if same and {corpus.fingerprint for corpus in other.corpora.values()} == prints and not other.train_corpus:
            return other
    return None


def _rows_and_clips(view: View, *, held_out: bool) -> tuple[dict[str, ViewRow], tuple[str, ...]]:
    """Return the rows of a view by name, and their common clips; with `held_out`, without seen rows and seen clips."""
    if not view.rows:
        return {}, ()
    rows = {row.name: row for row in view.rows if not (held_out and row.split == "train")}
    corpus = view.corpora.get(view.rows[0].corpus)
    if corpus is None:
        return rows, ()
    return rows, corpus.splits.get("validation", corpus.clips) if held_out else corpus.clips


def _below_floor(
    results: Results, view: View, rows: dict[str, ViewRow], clips: Sequence[str], names: Sequence[str]
) -> str:
    """Return the first of some rows that stands above no floor; "" where all do."""
    beneath: dict[str, Any] = quantities.floors_of(results, view, rows, clips)
    for name in names:
        if rows[name].model not in beneath and floors.below(
            quantities.scores(results, view, rows[name], clips), beneath
        ):
            return name
    return ""
