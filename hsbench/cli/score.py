"""`hsbench score`: score files or folders made anywhere, without the harness."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hsbench.api.choices import PAPER_METRICS
from hsbench.cli import options

FORMATS = ("table", "json", "csv")
AGGREGATES = ("mean", "paper")


def score(
    reference: Annotated[Path, typer.Argument(help="The original: a file or a folder.", metavar="REF")],
    estimate: Annotated[Path, typer.Argument(help="The reconstruction: a file or a folder.", metavar="EST")],
    metrics: Annotated[str, typer.Option(help="Names separated by commas, or: all.")] = ",".join(PAPER_METRICS),
    output_format: Annotated[str, typer.Option("--format", help="table, json or csv.")] = "table",
    aggregate: Annotated[
        str,
        typer.Option(help="mean over clips, or paper: means of batches of 16, as the published evaluation averages."),
    ] = "mean",
    device: options.Device = "cpu",
    jobs: Annotated[int | None, typer.Option(help="Processes for PESQ and STOI. Default: one per core.")] = None,
) -> None:
    """Score reconstructions against originals: two files, or two folders matched by name."""
    from hsbench.api.progress import metered
    from hsbench.api.scores import rendered, score_files
    from hsbench.errors import IncompleteError, UnknownNameError

    for kind, value, known in (("format", output_format, FORMATS), ("aggregate", aggregate, AGGREGATES)):
        if value not in known:
            raise UnknownNameError(kind, value, known)
    names = None if metrics == "all" else [name.strip() for name in metrics.split(",") if name.strip()]
    with metered("scored") as tell:
        made = score_files(reference, estimate, names, device, jobs, tell)
    print(rendered(made, output_format, aggregate), end="")
    if made.problems or not made.scores:
        said = "\n  ".join(made.problems) or f"no audio file is in {reference}"
        raise IncompleteError(f"{len(made.scores)} of {made.pairs} pairs were scored; these files were not:\n  {said}")
