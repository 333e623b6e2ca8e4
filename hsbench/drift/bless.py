"""From results and their reruns to a baseline: what noise there is, and a few sounds to keep."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from typing import TYPE_CHECKING

from hsbench.audio.io import flac_bytes, read_mono
from hsbench.drift import noise, reruns
from hsbench.drift.baseline import Baseline, Sound, kept_audio
from hsbench.drift.rescoring import Stored, kept, rescore
from hsbench.drift.snapshot import scores_of
from hsbench.files import replace_atomically
from hsbench.results import provenance
from hsbench.results.cell_folder import now as present_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hsbench.drift.noise import Scores
    from hsbench.drift.reruns import Rerun
    from hsbench.drift.snapshot import Snapshot
    from hsbench.execution.engines.base import Listener
    from hsbench.results.store import Results
    from hsbench.results.view import View


def chosen_reruns(view: View, count: int) -> list[Rerun]:
    """Return the reruns behind a noise floor, with seeds that the results lack.

    Args:
        view: what is blessed.
        count: number of reruns.
    """
    return reruns.chosen(count, max(len(row.cells) for row in view.rows))


def rerun_scores(results: Results, view: View, now: Snapshot, rerun: Rerun, listener: Listener) -> Scores:
    """Return the scores of one rerun for each row and metric; what is finished is not computed again.

    Args:
        results: the results folder whose cells are run again.
        view: what is blessed.
        now: its snapshot.
        rerun: seed and threads.
        listener: is told how it goes.

    Raises:
        IncompleteError: a cell did not get done.
    """
    cells = reruns.make(results, view, rerun, now.device, listener)
    clips = {row.name: view.corpus(row).clips for row in view.rows}
    return {
        (row, metric): scores_of([cells[row]], clips[row], metric, now.metrics[metric]) for row, metric in now.scores
    }


def keep_sounds(results: Results, view: View, place: Path) -> list[Sound]:
    """Write one clip of each row and its original as 16-bit audio below a baseline, and return what these score.

    Args:
        results: the results folder.
        view: what is blessed.
        place: the folder of baselines.
    """
    written, names, slugs = [], {}, _slugs([row.name for row in view.rows])
    for stored in kept(results, view, 1):
        files = names[stored.row] = (f"{stored.clip}.flac", f"{stored.clip}--{slugs[stored.row]}.flac")
        original, estimate = (kept_audio(place, view.experiment, name) for name in files)
        for path, source in ((original, stored.reference), (estimate, stored.estimate)):
            replace_atomically(path, flac_bytes(*read_mono(source)))
        written.append(Stored(stored.row, stored.clip, original, estimate, stored.recorded))
    return [
        Sound(names[score.row][1], names[score.row][0], score.row, score.clip, score.metric, score.now, score.status)
        for score in rescore(written)
    ]


def _slugs(rows: Sequence[str]) -> dict[str, str]:
    """Each row's part of a file name; rows that would share one are numbered."""
    plain = {row: re.sub(r"[^a-z0-9]+", "-", row.lower()).strip("-") or "row" for row in rows}
    shared = {slug for slug, times in Counter(plain.values()).items() if times > 1}
    return {row: f"{slug}-{n}" if slug in shared else slug for n, (row, slug) in enumerate(plain.items(), start=1)}


def made_of(now: Snapshot, scores: Mapping[Rerun, Scores], sounds: Sequence[Sound], reason: str) -> Baseline:
    """Return the baseline that a snapshot makes, its noise floor measured by reruns.

    Args:
        now: what is blessed.
        scores: rerun -> its scores.
        sounds: scores of the audio that is kept.
        reason: why the numbers are right.
    """
    means = noise.means([now.scores, *scores.values()])
    facts = {
        "time": present_time(),
        "reason": reason,
        "code": provenance.code(),
        "reruns": [dataclasses.asdict(rerun) for rerun in scores],
    }
    return Baseline(now, noise.floors(means), means, tuple(sounds), facts)
