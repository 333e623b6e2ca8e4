"""A request: what a user asked for, on the command line or from Python, before any default is filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Request:
    """What the user asked for; None means the experiment's or the budget's own choice.

    Attributes:
        experiments: registered names.
        corpus: registered name.
        budget: smoke, quick, standard or paper.
        protocol: reference, paper or fixed.
        changes: settings to change, each a text "model.key=value" or "corpus.key=value".
        filters: texts "model~text" or "row~text"; a row is kept where it matches all of them.
        split: train, validation or all.
        data_root: folder that holds the corpus in its public layout.
        limit: largest number of clips to score.
        seeds: number of seeds; each fit is repeated with the seeds 0 to seeds - 1.
        device: auto, cpu or cuda.
        jobs: number of cells computed at the same time.
        processes: number of processes that train one hypernetwork together.
        timeout: seconds after which a cell is stopped.
    """

    experiments: tuple[str, ...]
    corpus: str | None = None
    budget: str | None = None
    protocol: str | None = None
    changes: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    split: str | None = None
    data_root: Path | None = None
    limit: int | None = None
    seeds: int = 1
    device: str = "auto"
    jobs: int = 1
    processes: int = 1
    timeout: float | None = None


def check(request: Request) -> None:
    """Refuse a request that cannot mean anything.

    Raises:
        UnknownNameError: no experiment is named.
        UsageError: a count is not positive.
    """
    if not request.experiments:
        raise UnknownNameError("experiment", "", registry.names("experiments"))
    if request.limit is not None and request.limit < 1:
        raise UsageError(f"--limit expects a number of clips from 1, got {request.limit}.")
    if request.seeds < 1:
        raise UsageError(f"--seeds expects a number of seeds from 1, got {request.seeds}.")
