"""Score stored audio again with the present metrics, for comparison with the recorded scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench.audio.io import read_mono
from hsbench.drift import rounding
from hsbench.metrics.base import info, split_rate
from hsbench.metrics.suite import Scorer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from hsbench.metrics.base import Score
    from hsbench.results.store import Results
    from hsbench.results.view import View


@dataclass(frozen=True)
class StoredPair:
    """A reference and an estimate as audio files, with the scores that were recorded for them.

    Attributes:
        row: name of the row.
        clip: identifier of the clip.
        reference: path of the audio file of the original clip.
        estimate: path of the audio file of the row's reconstruction.
        recorded: name of a metric -> recorded value, or None where there was no value.
    """

    row: str
    clip: str
    reference: Path
    estimate: Path
    recorded: Mapping[str, float | None]


@dataclass(frozen=True)
class Rescored:
    """The recorded and the present score of a stored pair by one metric.

    Attributes:
        row: name of the row.
        clip: identifier of the clip.
        metric: name of the metric.
        before: recorded value, or None.
        now: value by the present code, or None.
        status: "ok", or the reason why there is no value now.
        rounding: how far float64 rounding alone may move the value, in the unit of the metric. Computed only where the
            two values differ by more than the metric's tolerance, else 0.
    """

    row: str
    clip: str
    metric: str
    before: float | None
    now: float | None
    status: str
    rounding: float = 0.0


def stored_pairs(results: Results, view: View, clips: int) -> Iterator[StoredPair]:
    """Yield the first clips of each row whose fit has the status "ok" and whose audio still exists.

    Args:
        results: the results folder.
        view: view whose rows are looked at.
        clips: maximum number of clips of each row.
    """
    versions = {name: info(name).version for name in view.metrics if split_rate(name)[1] is None}
    references = results.references()
    for row in view.rows:
        corpus = view.corpus(row)
        for name in row.cells[:1]:
            folder = results.folder(name)
            scores, rebuilt = folder.scores(), folder.reconstructions()
            good = [c for c in corpus.clips if rebuilt.get(c, {}).get("status") == "ok" and folder.audio(c).exists()]
            for clip in good[:clips]:
                recorded = {m: scores[clip, m, v]["value"] for m, v in versions.items() if (clip, m, v) in scores}
                original = results.reference_audio(references[corpus.fingerprint, clip]["audio"])
                yield StoredPair(row.name, clip, original, folder.audio(clip), recorded)


def rescore(pairs: Iterable[StoredPair]) -> list[Rescored]:
    """Score pairs again, on the CPU, by the metrics that they were recorded with.

    Raises:
        DataError: an audio file cannot be read.
    """
    rescored = []
    for pair in pairs:
        reference, rate = read_mono(pair.reference)
        estimate = read_mono(pair.estimate)[0]
        with Scorer(rate) as scorer:
            ((_, scores),) = scorer.score([(pair.clip, reference, estimate, list(pair.recorded))])
            moved = _moved(pair.recorded, scores)
            changes = rounding.sensitivities(scorer, reference, estimate, moved) if moved else {}
        rescored += [
            Rescored(
                pair.row, pair.clip, metric, before, scores[metric].value, scores[metric].status, changes.get(metric, 0)
            )
            for metric, before in pair.recorded.items()
        ]
    return rescored


def _moved(recorded: Mapping[str, float | None], scores: Mapping[str, Score]) -> dict[str, float]:
    """Return the present values that differ from the recorded ones by more than their metric's tolerance."""
    return {
        metric: value
        for metric, before in recorded.items()
        if before is not None
        and (value := scores[metric].value) is not None
        and abs(value - before) > info(metric).tolerance
    }
