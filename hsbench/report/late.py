"""A remark on rows whose estimates are late: most metrics show a delay as noise, although it can hardly be heard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Scores = Mapping[tuple[str, str, int], Mapping[str, Any]]


def remark(scores: Sequence[Scores], clips: Sequence[str]) -> str:
    """Return the remark on one row; "" where no estimate is late or early.

    Args:
        scores: for each seed, the scores of its cell: (clip, metric, version) -> score. All scores of a clip state the
            same lag (hsbench.audio.lag.alignment), or none, as those of earlier versions do.
        clips: identifiers of the clips of the row.
    """
    wanted, lags = set(clips), {}
    for seed, cell in enumerate(scores):
        for (clip, _, _), score in cell.items():
            if clip in wanted and isinstance(lag := score.get("lag"), int):
                lags[seed, clip] = lag
    late = [lag for lag in lags.values() if lag]
    if not late:
        return ""
    middle = float(np.median(late))
    return (
        f"{len(late)} of {len(lags)} estimates are {'late' if middle >= 0 else 'early'} by {abs(middle):g} samples "
        "(median), which MSE, SNR and SI-SNR show as noise"
    )
