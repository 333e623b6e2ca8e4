"""`hsbench check`: is what was measured what was blessed?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hsbench.cli import options


def check(
    experiment: Annotated[str, typer.Argument(help="An experiment with a blessed baseline, such as smoke.")],
    output_format: Annotated[str, typer.Option("--format", help="text, json, markdown or junit.")] = "text",
    output: Annotated[Path | None, typer.Option(help="A file; standard output by default.")] = None,
    rescore: Annotated[
        int, typer.Option(help="Clips of each row whose stored audio is scored again; 0 for none.", min=0)
    ] = 2,
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
    baselines: options.Baselines = None,
) -> None:
    """Judge results against a blessed baseline: exit code 0 for no drift, 1 for drift, 3 where it cannot be said."""
    from hsbench.api import drift
    from hsbench.api.registered import import_files
    from hsbench.errors import DriftError, IncompleteError, UnknownNameError

    if output_format not in drift.FORMATS:
        raise UnknownNameError("format", output_format, drift.FORMATS)
    import_files(imports)
    verdict = drift.check(experiment, results, baselines, rescore)
    if output is None:
        print(verdict.rendered(output_format), end="")
    else:
        verdict.save(output, output_format)
        print(f"{experiment}: {verdict.summary}; wrote {output}")
    if code := verdict.exit_code:
        error = DriftError if code == 1 else IncompleteError
        raise error(f"{experiment}: {verdict.severe}; see docs/drift.md for what to do.")
