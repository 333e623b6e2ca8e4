"""The long table, one line per clip and metric, as CSV and as Parquet."""

from __future__ import annotations

import importlib.util
import io
from typing import TYPE_CHECKING

import pandas as pd

from hsbench.analysis.frame import long_frame
from hsbench.errors import BackendMissingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.results.store import Results
    from hsbench.results.view import View


def gathered(results: Results, views: Sequence[View]) -> pd.DataFrame:
    """Return every wanted score of the views; the columns are hsbench.analysis.frame.COLUMNS.

    Args:
        results: the results folder that holds the cells of the views.
        views: at least one.
    """
    return pd.concat([long_frame(view, results) for view in views], ignore_index=True)


def long_csv(frame: pd.DataFrame) -> bytes:
    """As CSV, UTF-8."""
    return frame.to_csv(index=False, lineterminator="\n").encode()


def long_parquet(frame: pd.DataFrame) -> bytes:
    """As Parquet: text columns are strings, seed and version whole numbers, a missing value is null.

    Raises:
        BackendMissingError: the package pyarrow is not installed.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise BackendMissingError('Parquet needs the package pyarrow; install it with: pip install "hsbench[parquet]"')
    whole = {"seed": "int64", "version": "int64", "value": "float64"}
    buffer = io.BytesIO()
    frame.astype(whole).to_parquet(buffer, engine="pyarrow", index=False)
    return buffer.getvalue()
