"""Select the experiments and rows that a request asks for, and the corpora that these rows need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.errors import UnknownNameError, UsageError
from hsbench.planning import definition
from hsbench.planning.seen import both

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.planning.request import Request
    from hsbench.spec import Experiment, Row


@dataclass(frozen=True)
class Selection:
    """One experiment of a request with the rows to run.

    Attributes:
        experiment: the loaded experiment.
        request: the options that the user gave.
        rows: the rows of the experiment that match the request, in the order shown.
    """

    experiment: Experiment
    request: Request
    rows: tuple[Row, ...]

    def corpus_of(self, row: Row) -> str:
        """Return the name of a row's corpus: the row's own, else the requested one, else the experiment's default."""
        return row.corpus or self.request.corpus or self.experiment.corpus

    def train_corpus_of(self, row: Row) -> str | None:
        """Return the name of the requested training corpus; None if a row's model learns from the scored corpus."""
        wanted = self.request.train_corpus
        return None if wanted == self.corpus_of(row) else wanted

    @property
    def train_corpus(self) -> str | None:
        """Name of the requested training corpus; None if it is the scored corpus of every row."""
        return next((name for row in self.rows if (name := self.train_corpus_of(row)) is not None), None)

    @property
    def corpora(self) -> tuple[str, ...]:
        """Names of the corpora that the rows need, in the order of the rows."""
        return tuple(dict.fromkeys(self.corpus_of(row) for row in self.rows))

    def may_be_absent(self, corpus: str) -> bool:
        """Return whether the run goes on without a corpus: only the rows that name it themselves are then missing."""
        return corpus != self.request.corpus and any(row.corpus == corpus for row in self.experiment.rows)


def select(request: Request) -> list[Selection]:
    """Load the experiments of a request and select their rows.

    Raises:
        UnknownNameError: no experiment is named, or no experiment has that name.
        UsageError: a number is not positive, no row matches, or the definition of an experiment is invalid.
    """
    if not request.experiments:
        raise UnknownNameError("experiment", "", registry.names("experiments"))
    if request.limit is not None and request.limit < 1:
        raise UsageError(f"--limit expects a number of clips from 1, got {request.limit}.")
    if request.seeds < 1:
        raise UsageError(f"--seeds expects a number of seeds from 1, got {request.seeds}.")
    experiments = [definition.load(name) for name in request.experiments]
    return [Selection(experiment, request, tuple(_rows(experiment, request))) for experiment in experiments]


def _rows(experiment: Experiment, request: Request) -> list[Row]:
    """Return the rows of an experiment that match the filters and the corpus of a request.

    Raises:
        UsageError: no row matches.
    """
    rows = [row for row in experiment.rows if any(matches(shown, request.filters) for shown in _shown(experiment, row))]
    if not rows:
        raise UsageError(
            f"no row of {experiment.name} matches -k {' -k '.join(request.filters)}; "
            f"its rows are {', '.join(row.name for row in experiment.rows)}."
        )
    if request.corpus is None:
        return rows
    matching = [row for row in rows if row.corpus in (None, request.corpus)]
    if not matching:
        known = ", ".join(dict.fromkeys(row.corpus for row in rows if row.corpus))
        raise UsageError(
            f"{experiment.name} compares the corpora {known}, got --corpus {request.corpus}; leave it out."
        )
    return matching


def _shown(experiment: Experiment, row: Row) -> list[Row]:
    """Return the rows that a table may show for one row of the experiment, under any budget."""
    return [row, *both(row, learns=True)] if experiment.seen else [row]


def matches(row: Row, filters: Sequence[str]) -> bool:
    """Return whether a row fulfils all filters, each "model~text" or "row~text", without regard to case.

    Raises:
        UsageError: a filter does not have this form.
    """
    for text in filters:
        key, tilde, part = text.partition("~")
        if not tilde or key not in ("model", "row"):
            raise UsageError(f"-k expects model~text or row~text, got {text!r}.")
        if part.lower() not in (row.model if key == "model" else row.name).lower():
            return False
    return True
