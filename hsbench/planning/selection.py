"""Which rows of an experiment a request means, and which corpora these rows need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.planning.request import Request
    from hsbench.spec import Experiment, Row


def rows_of(experiment: Experiment, request: Request) -> list[Row]:
    """Return the rows that a request means.

    Raises:
        UsageError: none is left.
    """
    rows = [row for row in experiment.rows if _matches(row, request.filters)]
    if not rows:
        raise UsageError(
            f"no row of {experiment.name} matches -k {' -k '.join(request.filters)}; "
            f"its rows are {', '.join(row.name for row in experiment.rows)}."
        )
    if request.corpus is None:
        return rows
    fitting = [row for row in rows if row.corpus in (None, request.corpus)]
    if not fitting:
        known = ", ".join(dict.fromkeys(row.corpus for row in rows if row.corpus))
        raise UsageError(
            f"{experiment.name} compares the corpora {known}, got --corpus {request.corpus}; leave it out."
        )
    return fitting


def corpus_of(experiment: Experiment, request: Request, row: Row) -> str:
    """Return the name of the corpus of a row: the row's own, else the requested one, else the experiment's."""
    return row.corpus or request.corpus or experiment.corpus


def corpus_names(experiment: Experiment, request: Request) -> list[str]:
    """Return the names of the corpora that a request needs for an experiment, in the order of its rows."""
    return list(dict.fromkeys(corpus_of(experiment, request, row) for row in rows_of(experiment, request)))


def may_be_absent(experiment: Experiment, request: Request) -> set[str]:
    """Return the corpora that rows name themselves: where such a corpus is not at hand, only its rows are missing."""
    return {row.corpus for row in experiment.rows if row.corpus is not None and row.corpus != request.corpus}


def _matches(row: Row, filters: Sequence[str]) -> bool:
    for text in filters:
        key, tilde, part = text.partition("~")
        if not tilde or key not in ("model", "row"):
            raise UsageError(f"-k expects model~text or row~text, got {text!r}.")
        if part.lower() not in (row.model if key == "model" else row.name).lower():
            return False
    return True
