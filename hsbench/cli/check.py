"""`hsbench check`: compare results with a blessed baseline, to find drift."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hsbench.cli import options, screen


def check(
    experiment: Annotated[
        str, typer.Argument(help="Name of an experiment that has a blessed baseline, such as smoke.")
    ],
    output_format: Annotated[
        str, typer.Option("--format", help="Format of the verdicts: text, json, markdown or junit.")
    ] = "text",
    output: Annotated[
        Path | None, typer.Option(help="File to write the verdicts to. Default: standard output.")
    ] = None,
    rescore: Annotated[
        int, typer.Option(help="Number of clips per row whose stored audio is scored again; 0 for none.", min=0)
    ] = 2,
    accept_incomparable: Annotated[
        bool,
        typer.Option(
            "--accept-incomparable",
            help="End with exit code 0 if every line is same or incomparable, and at least one is same.",
        ),
    ] = False,
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
    baselines: options.Baselines = None,
    wide: options.Wide = False,
) -> None:
    """Compare results with a blessed baseline. Exit code 0: no drift; 1: drift; 3: no verdict is possible."""
    from hsbench.api import drift
    from hsbench.api.registered import import_files
    from hsbench.errors import DriftError, IncompleteError, UnknownNameError

    if output_format not in drift.FORMATS:
        raise UnknownNameError("format", output_format, drift.FORMATS)
    import_files(imports)
    verdict = drift.check(experiment, results, baselines, rescore)
    if output is None and output_format == "text" and (screen.interactive() or wide):
        screen.show(verdict.drawn(columns := screen.width(wide=wide)), columns)
    elif output is None:
        print(verdict.rendered(output_format), end="")
    else:
        verdict.save(output, output_format)
        print(f"{experiment}: {verdict.summary}; wrote {output}")
    accepted = accept_incomparable and verdict.nothing_worse_than_incomparable
    if (code := verdict.exit_code) and not accepted:
        error = DriftError if code == 1 else IncompleteError
        raise error(f"{experiment}: {verdict.severe}; see docs/drift.md for what to do.")
