"""`hsbench bless`: accept results as the new baseline, and measure how much they vary without any change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hsbench.cli import options


def bless(
    experiment: Annotated[str, typer.Argument(help="Name of an experiment that was run completely, such as smoke.")],
    reason: Annotated[
        str, typer.Option(help="Why the new numbers are right. Required; stored with the baseline.")
    ] = "",
    reruns: Annotated[
        int,
        typer.Option(
            help="Number of reruns, with other seeds and thread counts, that measure the noise of each number. Reruns "
            "with older instruction sets are made in addition."
        ),
    ] = 7,
    corpus: options.OnlyCorpus = None,
    budget: options.OnlyBudget = None,
    protocol: options.OnlyProtocol = None,
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
    baselines: Annotated[
        Path | None, typer.Option(help="Folder of baselines to write into. Default: baselines/ of this checkout.")
    ] = None,
) -> None:
    """Show what changes, rerun to measure the noise, and write the results as the baseline for hsbench check."""
    from hsbench.api.drift import Blessing
    from hsbench.api.progress import watcher
    from hsbench.api.registered import import_files

    import_files(imports)
    blessing = Blessing(experiment, results, reason, reruns, corpus, budget, protocol, baselines)
    print(blessing.changes(), flush=True)
    folder = blessing.write(watcher, lambda line: print(line, flush=True))
    print(f"\nwrote {folder}; commit it")
