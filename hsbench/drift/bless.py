"""From results and their reruns to a baseline: what noise there is, and a few sounds to keep."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from hsbench.audio.io import flac_bytes, read_mono
from hsbench.drift import baseline, noise, reruns
from hsbench.drift.rescoring import Stored, kept, rescore
from hsbench.drift.snapshot import scores_of
from hsbench.files import replace_atomically
from hsbench.results import provenance
from hsbench.results.store import now as present_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hsbench.drift.noise import Scores
    from hsbench.drift.reruns import Rerun
    from hsbench.drift.snapshot import Snapshot
    from hsbench.execution.engines.base import Listener
    from hsbench.results.store import Results


def chosen(request: Mapping[str, Any], count: int) -> list[Rerun]:
    """The reruns behind a noise floor, with seeds that the results lack.

    Args:
        request: the group of the view.
        count: of reruns.
    """
    return reruns.chosen(count, max(len(row["cells"]) for row in request["rows"]))


def again(store: Results, request: Mapping[str, Any], now: Snapshot, rerun: Rerun, listener: Listener) -> Scores:
    """The scores of one rerun, for each row and metric of the snapshot; what is finished is not computed again.

    Args:
        store: the results that are run again.
        request: the group of the view.
        now: their snapshot.
        rerun: seed and threads.
        listener: watches.

    Raises:
        IncompleteError: a cell did not get done.
    """
    cells = reruns.make(store, request, rerun, now.device, listener)
    clips = {row["row"]: request["corpora"][row["corpus"]]["clips"] for row in request["rows"]}
    return {
        (row, metric): scores_of([cells[row]], clips[row], metric, now.metrics[metric]) for row, metric in now.scores
    }


def keep_sounds(store: Results, request: Mapping[str, Any], place: Path) -> list[baseline.Sound]:
    """Write one clip of each row and its original as 16-bit audio below a baseline; what they score like that.

    Args:
        store: the results.
        request: the group of the view.
        place: the folder of baselines.
    """
    written, names, slugs = [], {}, _slugs([row["row"] for row in request["rows"]])
    for one in kept(store, request, 1):
        files = names[one.row] = (f"{one.clip}.flac", f"{one.clip}--{slugs[one.row]}.flac")
        original, estimate = (baseline.kept_audio(place, request["experiment"], name) for name in files)
        for path, source in ((original, one.reference), (estimate, one.estimate)):
            replace_atomically(path, flac_bytes(*read_mono(source)))
        written.append(Stored(one.row, one.clip, original, estimate, one.recorded))
    return [
        baseline.Sound(names[one.row][1], names[one.row][0], one.row, one.clip, one.metric, one.now, one.status)
        for one in rescore(written)
    ]


def _slugs(rows: Sequence[str]) -> dict[str, str]:
    """Each row's part of a file name; rows that would share one are numbered."""
    plain = {row: re.sub(r"[^a-z0-9]+", "-", row.lower()).strip("-") or "row" for row in rows}
    shared = {slug for slug, times in Counter(plain.values()).items() if times > 1}
    return {row: f"{slug}-{n}" if slug in shared else slug for n, (row, slug) in enumerate(plain.items(), start=1)}


def made_of(
    now: Snapshot, found: Mapping[Rerun, Scores], sounds: Sequence[baseline.Sound], reason: str
) -> baseline.Baseline:
    """The baseline that a snapshot makes, its noise floor measured by reruns.

    Args:
        now: what is blessed.
        found: rerun -> its scores.
        sounds: scores of the audio that is kept.
        reason: why the numbers are right.
    """
    means = noise.means([now.scores, *found.values()])
    facts = {
        "time": present_time(),
        "reason": reason,
        "code": provenance.code(),
        "reruns": [dataclasses.asdict(rerun) for rerun in found],
    }
    return baseline.Baseline(now, noise.floors(means), means, tuple(sounds), facts)
