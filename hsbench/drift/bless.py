"""Make a baseline from results: measure the noise by reruns, and keep the audio of one clip per row."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from typing import TYPE_CHECKING

from hsbench.audio.io import flac_bytes, read_mono
from hsbench.drift import noise, processors, reruns
from hsbench.drift.baseline import Baseline, Sound, kept_audio
from hsbench.drift.rescoring import StoredPair, rescore, stored_pairs
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
    """Return the reruns from which a noise floor is measured: see hsbench.drift.reruns.chosen.

    Args:
        view: view to bless.
        count: number of reruns, without those that limit the instruction set.
    """
    return reruns.chosen(count, max(len(row.cells) for row in view.rows))


def rerun_scores(results: Results, view: View, now: Snapshot, rerun: Rerun, listener: Listener) -> Scores:
    """Run every row again and return its scores for each metric; finished work of an earlier call is used again.

    Args:
        results: the results folder whose cells are run again.
        view: view to bless.
        now: snapshot of the view.
        rerun: seed, number of threads and instruction set of the rerun.
        listener: receives the progress of the rerun.

    Raises:
        IncompleteError: a cell of the rerun is not finished.
    """
    cells = reruns.make(results, view, rerun, now.device, listener)
    clips = {row.name: view.corpus(row).clips for row in view.rows}
    return {
        (row, metric): scores_of([cells[row]], clips[row], metric, now.metrics[metric]) for row, metric in now.scores
    }


def keep_sounds(results: Results, view: View, place: Path) -> list[Sound]:
    """Write one clip of each row and its original as 16-bit audio into the baseline, and return the scores of these.

    Args:
        results: the results folder.
        view: view to bless.
        place: folder of the baselines.
    """
    written, names, slugs = [], {}, _slugs([row.name for row in view.rows])
    for pair in stored_pairs(results, view, 1):
        files = names[pair.row] = (f"{pair.clip}.flac", f"{pair.clip}--{slugs[pair.row]}.flac")
        original, estimate = (kept_audio(place, view.experiment, name) for name in files)
        for path, source in ((original, pair.reference), (estimate, pair.estimate)):
            replace_atomically(path, flac_bytes(*read_mono(source)))
        # The recorded values are those of the audio before it was rounded to 16 bits: only the names are wanted here.
        written.append(StoredPair(pair.row, pair.clip, original, estimate, dict.fromkeys(pair.recorded)))
    return [
        Sound(names[score.row][1], names[score.row][0], score.row, score.clip, score.metric, score.now, score.status)
        for score in rescore(written)
    ]


def _slugs(rows: Sequence[str]) -> dict[str, str]:
    """Return the name of each row in file names: name of the row -> slug; equal slugs are numbered."""
    slugs = {row: re.sub(r"[^a-z0-9]+", "-", row.lower()).strip("-") or "row" for row in rows}
    shared = {slug for slug, times in Counter(slugs.values()).items() if times > 1}
    return {row: f"{slug}-{n}" if slug in shared else slug for n, (row, slug) in enumerate(slugs.items(), start=1)}


def made_of(now: Snapshot, scores: Mapping[Rerun, Scores], sounds: Sequence[Sound], reason: str) -> Baseline:
    """Return the baseline of a snapshot, with noise floors measured by reruns.

    Args:
        now: snapshot of the view to bless.
        scores: rerun -> scores of the rerun.
        sounds: scores of the audio that the baseline keeps.
        reason: why the numbers are right, in the words of the person who blesses them.
    """
    means = noise.means([now.scores, *scores.values()])
    facts = {
        "time": present_time(),
        "reason": reason,
        "code": provenance.code(),
        "reruns": [dataclasses.asdict(rerun) for rerun in scores],
    }
    copies = [index for index, rerun in enumerate(scores, start=1) if rerun.instructions]
    # The blessed run may come from another machine than the reruns, which ran on this one.
    families = {*now.families, processors.cpu_family(provenance.cpu())}
    covered = dataclasses.replace(now, families=tuple(sorted(families)))
    return Baseline(covered, noise.floors(means, copies), means, tuple(sounds), facts)
