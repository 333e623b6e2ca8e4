"""Scores as arrays for the statistics, and as a pandas frame with one line per row, seed, clip and metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.metrics.base import ESTIMATE_FAULTS, info
from hsbench.results.pending import NOT_RUN, score_status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from hsbench.results.store import Results
    from hsbench.results.view import View

    Scores = Mapping[tuple[str, str, int], Mapping[str, Any]]

COLUMNS = (
    "experiment",
    "row",
    "corpus",
    "budget",
    "protocol",
    "seed",
    "clip",
    "speaker",
    "sex",
    "metric",
    "version",
    "value",
    "status",
)
TRAIN_CORPUS = "train_corpus"
"""Last column of a view with a training corpus of its own: the name of that corpus, "" where the row's own was used."""
MISSING = "missing"
"""Status that reports show for a score that was never computed."""


def values(
    scores: Sequence[Scores], clips: Sequence[str], metric: str, version: int | None = None
) -> NDArray[np.float64]:
    """Return the scores of one table row in one metric: [seeds, clips], NaN where there is no value.

    Args:
        scores: for each seed, the scores of its cell: (clip, metric, version) -> score.
        clips: identifiers of the clips, in the order wanted.
        metric: registered name of the metric.
        version: version of the metric whose scores are read; None for the present one.
    """
    version = info(metric).version if version is None else version
    table = np.full((len(scores), len(clips)), np.nan)
    for seed, cell in enumerate(scores):
        for index, clip in enumerate(clips):
            score = cell.get((clip, metric, version))
            if score is not None and score["value"] is not None:
                table[seed, index] = score["value"]
    return table


def failures(scores: Sequence[Scores], clips: Sequence[str], metric: str) -> NDArray[np.bool_]:
    """Return which scores of one table row have no value because of the estimate: [seeds, clips].

    Args:
        scores: for each seed, the scores of its cell: (clip, metric, version) -> score.
        clips: identifiers of the clips, in the order wanted.
        metric: registered name of the metric.
    """
    version = info(metric).version
    failed = [[score_status(cell, clip, metric, version) in ESTIMATE_FAULTS for clip in clips] for cell in scores]
    return np.array(failed, dtype=bool).reshape(len(scores), len(clips))


def value_and_status(scores: Scores, clip: str, metric: str, version: int) -> tuple[float | None, str]:
    """Return value and status of one score as a report shows them; the value is None where there is none.

    Args:
        scores: scores of one cell: (clip, metric, version) -> score.
        clip: identifier of the clip that was scored.
        metric: registered name of the metric.
        version: present version of the metric.
    """
    status = score_status(scores, clip, metric, version)
    if status == NOT_RUN:
        return None, MISSING
    value: float | None = scores[clip, metric, version]["value"]
    return value, status


def long_frame(view: View, results: Results) -> pd.DataFrame:
    """Return every score that a view asks for, one line per row, seed, clip and metric, with the columns COLUMNS.

    A score that was never computed has no value and the status MISSING. A view whose models learned from another corpus
    than the scored one has the column TRAIN_CORPUS too.

    Args:
        view: the view whose rows, clips and metrics are wanted.
        results: the results folder that holds the cells of the view.
    """
    import pandas as pd

    references, rows = results.references(), []
    versions = {metric: info(metric).version for metric in view.metrics}
    for row in view.rows:
        corpus = view.corpus(row)
        for seed, cell in enumerate(row.cells):
            scores = results.folder(cell).scores()
            for clip in corpus.clips:
                reference = references.get((corpus.fingerprint, clip), {})
                voice = reference.get("speaker", ""), reference.get("sex", "")
                labels = view.experiment, row.name, row.corpus, view.budget, view.protocol, seed, clip, *voice
                for metric, version in versions.items():
                    score = value_and_status(scores, clip, metric, version)
                    rows.append((*labels, metric, version, *score, row.trained_on or ""))
    long = pd.DataFrame(rows, columns=[*COLUMNS, TRAIN_CORPUS])
    return long if view.train_corpus else long.drop(columns=TRAIN_CORPUS)
