"""`hsbench compare`: two results folders, paired per clip."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hsbench.cli import options


def compare(
    a: Annotated[Path, typer.Argument(help="A results folder.", metavar="A")],
    b: Annotated[Path, typer.Argument(help="The results folder that is judged against it.", metavar="B")],
    experiments: Annotated[
        list[str] | None,
        typer.Argument(help="Experiments by name; all that either holds by default.", metavar="[EXPERIMENT]..."),
    ] = None,
    metrics: Annotated[
        list[str] | None, typer.Option("--metric", help="Only this metric. Repeatable.", metavar="NAME")
    ] = None,
    output_format: Annotated[str, typer.Option("--format", help="markdown, csv or json.")] = "markdown",
    corpus: options.Corpus = None,
    budget: options.BudgetName = None,
    protocol: options.Protocol = None,
    imports: options.Import = None,
) -> None:
    """Compare two results folders, paired per clip: is B better, worse or the same?"""
    from hsbench.api import comparing
    from hsbench.api.registered import import_files
    from hsbench.errors import IncompleteError, UnknownNameError

    if output_format not in comparing.FORMATS:
        raise UnknownNameError("format", output_format, comparing.FORMATS)
    import_files(imports)
    made = comparing.compare(a, b, experiments, metrics, corpus, budget, protocol)
    if made.lines or made.alone:
        print(comparing.rendered(made, output_format), end="")
    if not made.compared:
        raise IncompleteError(
            f"expected scores of the same rows and clips in {a} and {b}, found none to compare; run the same "
            "experiment with the same corpus, budget and protocol into both."
        )
