"""`hsbench bless`: say that results are right, and measure how much they move by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hsbench.cli import options


def bless(
    experiment: Annotated[str, typer.Argument(help="An experiment that was run completely.")],
    reason: Annotated[str, typer.Option(help="Why these numbers are right; kept with them.")] = "",
    reruns: Annotated[int, typer.Option(help="Reruns (other seeds, one and two threads) behind the noise floor.")] = 7,
    corpus: options.Corpus = None,
    budget: options.BudgetName = None,
    protocol: options.Protocol = None,
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
    baselines: Annotated[Path | None, typer.Option(help="Folder to write below. Default: the checkout's own.")] = None,
) -> None:
    """Write a baseline of an experiment for `hsbench check`, after showing what changes."""
    from hsbench.api.drift import Blessing
    from hsbench.api.progress import watcher
    from hsbench.api.registered import import_files

    import_files(imports)
    blessing = Blessing(experiment, results, reason, reruns, corpus, budget, protocol, baselines)
    print(blessing.changes(), flush=True)
    place = blessing.write(watcher, lambda line: print(line, flush=True))
    print(f"\nwrote {place}; commit it")
