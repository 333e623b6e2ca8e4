"""`hsbench claims`: verdicts on the claims of the HyperSound paper, from a results folder."""

from __future__ import annotations

from typing import Annotated

import typer

from hsbench.cli import options


def claims(
    output_format: Annotated[
        str, typer.Option("--format", help="Format of the verdicts: markdown (a table) or json.")
    ] = "markdown",
    corpus: options.OnlyCorpus = None,
    budget: options.OnlyBudget = None,
    protocol: options.OnlyProtocol = None,
    results: options.ResultsDir = options.RESULTS,
) -> None:
    """Print a verdict on each claim of the paper, with effect and interval, from results that `run` computed."""
    from hsbench.api import claims as api
    from hsbench.errors import UnknownNameError

    if output_format not in api.FORMATS:
        raise UnknownNameError("format", output_format, api.FORMATS)
    print(api.rendered(api.judged(results, corpus, budget, protocol), output_format), end="")
