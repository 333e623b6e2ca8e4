"""`hsbench compare`: compare two results folders, paired by clip."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hsbench.cli import options, screen


def compare(
    a: Annotated[Path, typer.Argument(help="Results folder A, the reference of the comparison.", metavar="A")],
    b: Annotated[Path, typer.Argument(help="Results folder B, called better or worse than A.", metavar="B")],
    experiments: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names of experiments to compare. Default: all that either folder holds.", metavar="[EXPERIMENT]..."
        ),
    ] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option("--metric", help="Compare only this metric. Can be given several times.", metavar="NAME"),
    ] = None,
    output_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="Format of the comparison: text, markdown, csv or json. Default: text on a terminal, else markdown.",
        ),
    ] = None,
    corpus: options.OnlyCorpus = None,
    budget: options.OnlyBudget = None,
    protocol: options.OnlyProtocol = None,
    imports: options.Import = None,
    wide: options.Wide = False,
) -> None:
    """Compare two results folders, paired by clip: for each row and metric, is B better than A, worse, or the same?"""
    from hsbench.api import comparing
    from hsbench.api.registered import import_files
    from hsbench.errors import IncompleteError, UnknownNameError

    output_format = screen.chosen(output_format, wide=wide)
    if output_format not in comparing.FORMATS:
        raise UnknownNameError("format", output_format, comparing.FORMATS)
    import_files(imports)
    comparison = comparing.compare(a, b, experiments, metrics, corpus, budget, protocol)
    if output_format == "text":
        screen.show(comparing.drawn(comparison, columns := screen.width(wide=wide)), columns)
    elif comparison.lines or comparison.alone:
        print(comparing.rendered(comparison, output_format), end="")
    if not comparison.compared:
        raise IncompleteError(
            f"expected scores of the same rows and clips in {a} and {b}, got none to compare; run the same "
            "experiment with the same corpus, budget and protocol into both."
        )
    comparing.require_possible(a, b, experiments, corpus, budget, protocol)
