"""A request: the options that a user gave on the command line or in Python, before defaults are filled in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from hsbench.planning.changes import Changes


@dataclass(frozen=True)
class Request:
    """The options of a run; None means the default of the experiment or of the budget.

    Attributes:
        experiments: registered names of the experiments.
        corpus: registered name of the corpus.
        train_corpus: registered name of the corpus that models learn from, if it is another one than the scored corpus.
        budget: "smoke", "quick", "standard" or "paper".
        protocol: "reference", "paper" or "fixed".
        changes: changed settings: name of a model or corpus -> name of the setting -> value.
        filters: conditions "model~text" or "row~text"; only rows that fulfil all of them are run.
        split: split whose clips are scored: "train", "validation" or "all".
        data_root: folder that holds the corpus in its public layout.
        manifest: manifest file that fixes which clips are scored, as `hsbench corpus prepare` writes it.
        limit: largest number of clips to score.
        seeds: number of seeds; each fit is repeated with the seeds 0 to seeds - 1.
        device: "auto", "cpu" or "cuda".
        jobs: number of cells computed at the same time; None for the number that suits the experiments.
        processes: number of processes that train one hypernetwork together.
        timeout: seconds after which a cell is stopped.
        networks: folders with trained networks, looked into before those that this machine has anyway.
        retrain: whether to train every network, also where one of the same specification is at hand.
        eager: whether a CUDA device runs networks without compiling them and without CUDA graphs.
    """

    experiments: tuple[str, ...]
    corpus: str | None = None
    budget: str | None = None
    protocol: str | None = None
    changes: Changes = field(default_factory=dict)
    filters: tuple[str, ...] = ()
    split: str | None = None
    data_root: Path | None = None
    manifest: Path | None = None
    limit: int | None = None
    seeds: int = 1
    device: str = "auto"
    jobs: int | None = None
    processes: int = 1
    timeout: float | None = None
    eager: bool = False
    train_corpus: str | None = None
    networks: tuple[Path, ...] = ()
    retrain: bool = False
