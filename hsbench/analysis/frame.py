"""Scores as a pandas frame, one row per clip x metric x seed, and as the arrays that statistics read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.metrics.base import info

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from hsbench.results.store import Results

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


def long_frame(request: Mapping[str, Any], results: Results) -> pd.DataFrame:
    """Every wanted score of one group of an experiment, with speaker and status; COLUMNS.

    A score that is not there yet has the status "missing".
    """
    import pandas as pd

    references = results.references()
    rows = []
    for row in request["rows"]:
        for seed, name in enumerate(row["cells"]):
            scores, ground = results.folder(name).scores(), request["corpora"][row["corpus"]]
            for clip in ground["clips"]:
                reference = references.get((ground["fingerprint"], clip), {})
                for metric in request["metrics"]:
                    version = info(metric).version
                    score = scores.get((clip, metric, version), {"value": None, "status": "missing"})
                    rows.append(
                        (
                            request["experiment"],
                            row["row"],
                            row["corpus"],
                            request["budget"],
                            request["protocol"],
                            seed,
                            clip,
                            reference.get("speaker", ""),
                            reference.get("sex", ""),
                            metric,
                            version,
                            score["value"],
                            score["status"],
                        )
                    )
    return pd.DataFrame(rows, columns=list(COLUMNS))
