"""`hsbench score`: score audio files or folders from any source, without running an experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hsbench.api.choices import PAPER_METRICS
from hsbench.cli import options, screen

FORMATS = ("table", "json", "csv")
AGGREGATES = ("mean", "paper")


def score(
    reference: Annotated[Path, typer.Argument(help="Original: an audio file or a folder.", metavar="REF")],
    estimate: Annotated[Path, typer.Argument(help="Reconstruction: an audio file or a folder.", metavar="EST")],
    metrics: Annotated[
        str, typer.Option(help="Names of metrics separated by commas, or all. See: hsbench list metrics.")
    ] = ",".join(PAPER_METRICS),
    output_format: Annotated[str, typer.Option("--format", help="Format of the output: table, json or csv.")] = "table",
    aggregate: Annotated[
        str,
        typer.Option(
            help="Kind of mean: mean (over clips), or paper (mean over the means of batches of 16 clips, as in the "
            "published evaluation)."
        ),
    ] = "mean",
    device: options.Device = "cpu",
    jobs: Annotated[
        int | None, typer.Option(help="Number of processes for PESQ and STOI. Default: one per CPU core.")
    ] = None,
    wide: options.Wide = False,
) -> None:
    """Score reconstructions against originals: two files, or two folders whose files are paired by name."""
    from hsbench.api import drawing
    from hsbench.api.progress import metered
    from hsbench.api.scores import rendered, score_files
    from hsbench.api.wording import quantity
    from hsbench.errors import IncompleteError, UnknownNameError

    for kind, value, known in (("format", output_format, FORMATS), ("aggregate", aggregate, AGGREGATES)):
        if value not in known:
            raise UnknownNameError(kind, value, known)
    names = None if metrics == "all" else [name.strip() for name in metrics.split(",") if name.strip()]
    with metered("scored") as progress:
        results = score_files(reference, estimate, names, device, jobs, progress)
    if output_format == "table" and (screen.interactive() or wide):
        screen.show(drawing.scores(results, aggregate, columns := screen.width(wide=wide)), columns)
    else:
        print(rendered(results, output_format, aggregate), end="")
    if not results.pairs and not results.problems:
        raise IncompleteError(f"expected audio files in {reference}, got none; check the path.")
    if results.problems or not results.scored:
        count, total = results.scored, results.pairs
        verb = "was" if 1 in (count, total) else "were"
        reasons = "\n  ".join(results.problems) or "no metric has a value; its status says why"
        raise IncompleteError(f"{count} of {quantity(total, 'pair')} {verb} scored; these files were not:\n  {reasons}")
