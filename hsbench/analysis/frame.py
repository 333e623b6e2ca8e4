"""Scores as a pandas frame, one row per clip x metric x seed, and as the arrays that statistics read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.metrics.base import info
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
MISSING = "missing"
"""Status, in a report, of a score that was never computed."""


def values(
    scores: Sequence[Scores], clips: Sequence[str], metric: str, version: int | None = None
) -> NDArray[np.float64]:
    """One metric of one table row: [seeds, clips] in the order given, NaN where there is no value.

    Args:
        scores: of each seed's cell, as the store gives them.
        clips: wanted ids.
        metric: registered name; only rows of one version count.
        version: of the metric; the present one by default.
    """
    version = info(metric).version if version is None else version
    table = np.full((len(scores), len(clips)), np.nan)
    for seed, found in enumerate(scores):
        for index, clip in enumerate(clips):
            row = found.get((clip, metric, version))
            if row is not None and row["value"] is not None:
                table[seed, index] = row["value"]
    return table


def value_and_status(scores: Scores, clip: str, metric: str, version: int) -> tuple[float | None, str]:
    """Return one score at the present version of its metric as a report shows it: value or None, and status.

    Args:
        scores: (clip, metric, version) -> row, as the cell's folder holds them.
        clip: identifier of the clip.
        metric: registered name.
        version: present version of the metric.
    """
    status = score_status(scores, clip, metric, version)
    if status == NOT_RUN:
        return None, MISSING
    value: float | None = scores[clip, metric, version]["value"]
    return value, status


def long_frame(view: View, results: Results) -> pd.DataFrame:
    """Return every wanted score of one view, with speaker and status; the columns are COLUMNS.

    A score that was never computed has the status MISSING.
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
                where = view.experiment, row.name, row.corpus, view.budget, view.protocol, seed, clip, *voice
                for metric, version in versions.items():
                    rows.append((*where, metric, version, *value_and_status(scores, clip, metric, version)))
    return pd.DataFrame(rows, columns=list(COLUMNS))
