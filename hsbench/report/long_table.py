"""The long table, one line per row, seed, clip and metric, as CSV and as Parquet."""

from __future__ import annotations

import importlib.util
import io
from typing import TYPE_CHECKING

import pandas as pd

from hsbench.analysis.frame import TRAIN_CORPUS, long_frame
from hsbench.errors import BackendMissingError
from hsbench.report.names import in_csv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.results.store import Results
    from hsbench.results.view import View


NAMES = ("experiment", "row", "corpus", "budget", "protocol", "clip", "speaker", "sex", "metric", "status")
"""Columns of texts; the others hold numbers."""


def gathered(results: Results, views: Sequence[View]) -> pd.DataFrame:
    """Return every score that the views ask for; the columns are those of hsbench.analysis.frame.long_frame.

    Args:
        results: the results folder that holds the cells of the views.
        views: the views whose scores are wanted, at least one.
    """
    long = pd.concat([long_frame(view, results) for view in views], ignore_index=True)
    return long.fillna({TRAIN_CORPUS: ""}) if TRAIN_CORPUS in long else long


def long_csv(frame: pd.DataFrame) -> bytes:
    """Return the table as CSV in UTF-8; names are written by names.in_csv."""
    names = [*NAMES, *([TRAIN_CORPUS] if TRAIN_CORPUS in frame else [])]
    frame = frame.assign(**{column: frame[column].map(in_csv, na_action="ignore") for column in names})
    return frame.to_csv(index=False, lineterminator="\n").encode()


def long_parquet(frame: pd.DataFrame) -> bytes:
    """Return the table as Parquet: names are strings, seed and version integers, and a missing value is null.

    Raises:
        BackendMissingError: the package pyarrow is not installed.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise BackendMissingError('Parquet needs the package pyarrow; install it with: pip install "hsbench[parquet]"')
    types = {"seed": "int64", "version": "int64", "value": "float64"}
    buffer = io.BytesIO()
    frame.astype(types).to_parquet(buffer, engine="pyarrow", index=False)
    return buffer.getvalue()
