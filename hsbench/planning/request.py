"""A request: what a user asked for, on the command line or from Python, before any default is filled in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from hsbench.planning.changes import Changes


@dataclass(frozen=True)
class Request:
    """What the user asked for; None means the experiment's or the budget's own choice.

    Attributes:
        experiments: registered names.
        corpus: registered name.
        budget: smoke, quick, standard or paper.
        protocol: reference, paper or fixed.
        changes: settings to change: {model or corpus: {setting: value}}.
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
    changes: Changes = field(default_factory=dict)
    filters: tuple[str, ...] = ()
    split: str | None = None
    data_root: Path | None = None
    limit: int | None = None
    seeds: int = 1
    device: str = "auto"
    jobs: int = 1
    processes: int = 1
    timeout: float | None = None
