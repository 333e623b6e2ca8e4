"""Scoring stored audio again with today's metrics, beside what was recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench.audio.io import read_mono
from hsbench.metrics.base import info, split_rate
from hsbench.metrics.suite import Scorer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from hsbench.results.store import Results
    from hsbench.results.view import View


@dataclass(frozen=True)
class Stored:
    """A stored pair and what was recorded of it.

    Attributes:
        row: name.
        clip: id.
        reference: audio file of the original.
        estimate: of what the row made of it.
        recorded: metric -> value or None.
    """

    row: str
    clip: str
    reference: Path
    estimate: Path
    recorded: Mapping[str, float | None]


@dataclass(frozen=True)
class Rescored:
    """One metric of a stored pair.

    Attributes:
        row: name.
        clip: id.
        metric: name.
        before: as recorded.
        now: by today's code.
        status: of now.
    """

    row: str
    clip: str
    metric: str
    before: float | None
    now: float | None
    status: str


def kept(results: Results, view: View, clips: int) -> Iterator[Stored]:
    """The first clips of each row of a view that were rebuilt well, are still there and were scored.

    Args:
        results: the results folder.
        view: whose rows are meant.
        clips: at most so many of each row.
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
                found = {m: scores[clip, m, v]["value"] for m, v in versions.items() if (clip, m, v) in scores}
                original = results.reference_audio(references[corpus.fingerprint, clip]["audio"])
                yield Stored(row.name, clip, original, folder.audio(clip), found)


def rescore(stored: Iterable[Stored]) -> list[Rescored]:
    """Score pairs again on the CPU.

    Raises:
        DataError: a sound cannot be read.
    """
    found = []
    for one in stored:
        reference, rate = read_mono(one.reference)
        pair = (one.clip, reference, read_mono(one.estimate)[0], list(one.recorded))
        with Scorer(rate) as scorer:
            ((_, scores),) = scorer.score([pair])
        found += [
            Rescored(one.row, one.clip, metric, before, scores[metric].value, scores[metric].status)
            for metric, before in one.recorded.items()
        ]
    return found
