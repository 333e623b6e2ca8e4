"""Check packed results: the files, the keys, the originals, and on request the scores and some fits.

Each check trusts less than the one before it:

* files: each is the one that was packed;
* cells: the specification of each hashes to the key in its folder's name, and no recorded number is impossible;
* rows: the cells that a table needs are there, and every clip of every row has all its scores;
* originals: the sound of the original clips is that of the corpus on this machine;
* scores: the sound of the estimates gives the recorded scores again;
* refits: clips chosen at random, fitted again on this machine, have the recorded scores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hsbench.audio.io import read_mono
from hsbench.corpora.base import items
from hsbench.corpora.reopening import reopened
from hsbench.drift.rescoring import rescore, stored_pairs
from hsbench.errors import HsbenchError
from hsbench.metrics.base import info
from hsbench.packing import archive, findings
from hsbench.packing.contents import AUDIO_CLIPS
from hsbench.packing.findings import OK, UNCHECKED, WRONG, Finding, Verification
from hsbench.packing.refit import refits
from hsbench.report.text import counted
from hsbench.results.store import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hsbench.corpora.base import Corpus
    from hsbench.results.view import View

SHOWN = 5
"""Problems of one check that are named; of more, the number is given."""


def verify(path: Path, folder: Path, *, rescored: bool, refitted: int, progress: Callable[[str], None]) -> Verification:
    """Check a packed file.

    Args:
        path: the packed file, of any origin.
        folder: an empty folder, which becomes the results folder that was packed.
        rescored: whether to score the sound again.
        refitted: number of clips to fit again.
        progress: takes a line of text before each long piece of work.

    Raises:
        DataError: the file cannot be read at all.
    """
    pack, altered = archive.unpack(path, folder)
    found = [_finding(findings.FILES, altered, counted(len(pack.files), "file"))]
    results = Results(folder)
    views, unreadable = _views(results)
    found.append(
        _finding(findings.CELLS, [*unreadable, *_cells(results, views)], counted(len(results.cells()), "cell"))
    )
    found.append(_finding(findings.ROWS, _rows(results, views), counted(sum(len(view.rows) for view in views), "row")))
    corpora = _corpora(views)
    found.append(_originals(results, views, corpora))
    if rescored:
        found.append(_scores(results, views, progress))
    if refitted:
        found.append(refits(results, views, set(corpora), refitted, progress))
    return Verification(pack.digest, tuple(found))


def _finding(check: str, problems: Sequence[str], amount: str) -> Finding:
    """Return the finding of a check that names its problems."""
    if not problems:
        return Finding(check, OK, amount)
    more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    return Finding(check, WRONG, "; ".join(problems[:SHOWN]) + more)


def _views(results: Results) -> tuple[list[View], list[str]]:
    """Return all views that can be read, and why others cannot."""
    views: list[View] = []
    problems = []
    for name in results.experiments():
        try:
            views += results.views(name).values()
        except HsbenchError as error:
            problems.append(str(error))
    return views, problems


def _cells(results: Results, views: Sequence[View]) -> list[str]:
    """Return what is wrong with the specifications and records of the cells."""
    problems: list[str] = []
    for name in dict.fromkeys(cell for view in views for _, cell in view.cells()):
        try:
            results.folder(name).spec()
            problems += results.folder(name).problems()
        except HsbenchError as error:
            problems.append(str(error))
    return problems


def _rows(results: Results, views: Sequence[View]) -> list[str]:
    """Return which rows lack reconstructions or scores of their clips."""
    problems = []
    for view in views:
        versions = {name: info(name).version for name in view.metrics if _registered(name)}
        for row in view.rows:
            for cell in row.cells:
                try:
                    scores = results.folder(cell).scores()
                except HsbenchError:
                    continue  # the check of the cells says it
                known = {(clip, metric) for clip, metric, _ in scores}
                lacking = [
                    (clip, metric)
                    for clip in view.corpus(row).clips
                    for metric in versions
                    if (clip, metric) not in known
                ]
                if lacking:
                    clip, metric = lacking[0]
                    problems.append(
                        f"{view.experiment}, row {row.name}: {counted(len(lacking), 'score')} missing, the first is "
                        f"{metric} of clip {clip}"
                    )
    return problems


def _registered(metric: str) -> bool:
    """Return whether this hsbench has a metric of that name."""
    try:
        info(metric)
    except HsbenchError:
        return False
    return True


def _corpora(views: Sequence[View]) -> dict[str, Corpus]:
    """Return fingerprint -> corpus, for every corpus of the views that this machine has in the same form."""
    wanted = {corpus.fingerprint: name for view in views for name, corpus in view.corpora.items()}
    found = {fingerprint: reopened(name, fingerprint) for fingerprint, name in wanted.items()}
    return {fingerprint: corpus for fingerprint, corpus in found.items() if corpus is not None}


def _originals(results: Results, views: Sequence[View], corpora: dict[str, Corpus]) -> Finding:
    """Compare the sound of the originals with the corpora of this machine."""
    problems, same = [], 0
    known = {(key, clip): (corpus, item) for key, corpus in corpora.items() for clip, item in items(corpus).items()}
    for key, row in results.references().items():
        path = results.reference_audio(row["audio"])
        if key not in known or not path.exists():
            continue
        corpus, item = known[key]
        if np.array_equal(read_mono(path)[0], corpus.load(item).waveform):
            same += 1
        else:
            problems.append(f"original {row['clip']} of corpus {row['corpus']} is not the clip of that corpus")
    if problems:
        return _finding(findings.ORIGINALS, problems, "")
    if not same:
        names = ", ".join(dict.fromkeys(name for view in views for name in view.corpora)) or "none"
        return Finding(
            findings.ORIGINALS,
            UNCHECKED,
            f"this machine cannot open the corpora in the same form, or no sound was packed: {names}",
        )
    return Finding(findings.ORIGINALS, OK, counted(same, "clip"))


def _scores(results: Results, views: Sequence[View], progress: Callable[[str], None]) -> Finding:
    """Score the packed sound again."""
    problems, count = [], 0
    for view in views:
        progress(f"{view.experiment}: scoring {counted(len(view.rows), 'row')} again")
        pairs = [pair for pair in stored_pairs(results, view, AUDIO_CLIPS) if pair.reference.exists()]
        for score in rescore(pairs):
            count += 1
            where = f"{view.experiment}, row {score.row}, clip {score.clip}, {score.metric}"
            if (score.before is None) != (score.now is None):
                problems.append(f"{where}: recorded {_shown(score.before)}, now {_shown(score.now)} ({score.status})")
            elif score.before is not None and score.now is not None:
                allowed = max(info(score.metric).tolerance, score.rounding)
                if abs(score.now - score.before) > allowed:
                    problems.append(
                        f"{where}: recorded {score.before:.6g}, now {score.now:.6g}, tolerance {allowed:.2g}"
                    )
    if not count:
        return Finding(findings.SCORES, UNCHECKED, "no sound was packed")
    return _finding(findings.SCORES, problems, counted(count, "score"))


def _shown(value: float | None) -> str:
    return "no value" if value is None else f"{value:.6g}"
