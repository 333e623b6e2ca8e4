"""Which rows of which experiments a request means, and which corpora these rows need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.planning.request import Request
    from hsbench.spec import Experiment, Row


@dataclass(frozen=True)
class Selection:
    """One experiment of a request.

    Attributes:
        experiment: loaded.
        request: what the user asked for.
        rows: those of the experiment that are meant, in the order shown.
    """

    experiment: Experiment
    request: Request
    rows: tuple[Row, ...]

    def corpus_of(self, row: Row) -> str:
        """Return the name of the corpus of a row: the row's own, else the requested one, else the experiment's."""
        return row.corpus or self.request.corpus or self.experiment.corpus

    @property
    def corpora(self) -> tuple[str, ...]:
        """Names of the corpora that the rows need, in the order of the rows."""
        return tuple(dict.fromkeys(self.corpus_of(row) for row in self.rows))

    def may_be_absent(self, corpus: str) -> bool:
        """Return whether a corpus may be missing: some rows name it themselves, and only these are then missing."""
        return corpus != self.request.corpus and any(row.corpus == corpus for row in self.experiment.rows)


def select(request: Request) -> list[Selection]:
    """Load the experiments of a request and choose their rows.

    Raises:
        UnknownNameError: no experiment is named, or there is none of that name.
        UsageError: a count is not positive, or no row is left.
    """
    if not request.experiments:
        raise UnknownNameError("experiment", "", registry.names("experiments"))
    if request.limit is not None and request.limit < 1:
        raise UsageError(f"--limit expects a number of clips from 1, got {request.limit}.")
    if request.seeds < 1:
        raise UsageError(f"--seeds expects a number of seeds from 1, got {request.seeds}.")
    experiments: list[Experiment] = [registry.experiment(name).load()() for name in request.experiments]
    return [Selection(experiment, request, tuple(_rows(experiment, request))) for experiment in experiments]


def _rows(experiment: Experiment, request: Request) -> list[Row]:
    """The rows that a request means.

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


def _matches(row: Row, filters: Sequence[str]) -> bool:
    for text in filters:
        key, tilde, part = text.partition("~")
        if not tilde or key not in ("model", "row"):
            raise UsageError(f"-k expects model~text or row~text, got {text!r}.")
        if part.lower() not in (row.model if key == "model" else row.name).lower():
            return False
    return True
