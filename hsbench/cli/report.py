"""`hsbench report`: tables and figures from what is in the results folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hsbench.cli import options

if TYPE_CHECKING:
    from hsbench.api.reports import Selection

Format = Annotated[
    str,
    typer.Option(
        "--format",
        help="markdown, latex or csv; parquet (the long table); into a folder: html (pages with sound), figures "
        "(PNG and PDF), curves (learning curves alone), tensorboard.",
    ),
]
COLUMNS = ("all", "paper")
AGGREGATES = ("ours", "paper")


def report(
    experiments: Annotated[
        list[str] | None,
        typer.Argument(help="Experiments by name; all that were run by default.", metavar="[EXPERIMENT]..."),
    ] = None,
    output_format: Format = "markdown",
    output: Annotated[
        Path | None,
        typer.Option(help="A file of that format, or a folder for it; standard output by default."),
    ] = None,
    per_clip: Annotated[
        bool, typer.Option("--per-clip", help="With csv: the long table, one line per clip and metric.")
    ] = False,
    columns: Annotated[
        str, typer.Option(help="Of a table: all, or paper (the model and the paper's metrics alone).")
    ] = "all",
    aggregate: Annotated[
        str, typer.Option(help="Means of a table: ours, or paper (beside ours, those of the published evaluation).")
    ] = "ours",
    standalone: Annotated[
        bool, typer.Option("--standalone", help="With latex: a whole document, ready for pdflatex.")
    ] = False,
    clip: Annotated[
        str | None, typer.Option(help="With figures: the clip whose sound is shown; the median one by default.")
    ] = None,
    no_audio: Annotated[
        bool, typer.Option("--no-audio", help="With html: leave the sound out, which is most of its size.")
    ] = False,
    corpus: options.Corpus = None,
    budget: options.BudgetName = None,
    protocol: options.Protocol = None,
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
    baselines: options.Baselines = None,
) -> None:
    """Print or write the tables and figures of what was run."""
    from hsbench.api import reports
    from hsbench.api.registered import import_files

    _check_names(output_format, columns, aggregate)
    _check_options(output_format, output, per_clip=per_clip, standalone=standalone, no_audio=no_audio, clip=clip)
    import_files(imports)
    selection = reports.select(results, experiments, corpus, budget, protocol, baselines)
    if output_format in reports.FOLDERS and output is not None:
        _fill(selection, output_format, output, clip, audio=not no_audio)
        return
    form = reports.form(paper_columns=columns == "paper", paper_means=aggregate == "paper", standalone=standalone)
    content = reports.rendered(selection, output_format, form, per_clip=per_clip)
    _emit(output, content, output_format, "per-clip" if per_clip or output_format == "parquet" else "summary")


def _check_names(output_format: str, columns: str, aggregate: str) -> None:
    """Refuse names that mean nothing.

    Raises:
        UnknownNameError: no such format, choice of columns or aggregate.
    """
    from hsbench.api import reports
    from hsbench.errors import UnknownNameError

    named = (
        ("format", output_format, (*reports.SUFFIX, *reports.FOLDERS)),
        ("choice of columns", columns, COLUMNS),
        ("aggregate", aggregate, AGGREGATES),
    )
    for kind, name, known in named:
        if name not in known:
            raise UnknownNameError(kind, name, known)


def _check_options(
    output_format: str, output: Path | None, *, per_clip: bool, standalone: bool, no_audio: bool, clip: str | None
) -> None:
    """Refuse options that do not go with the format.

    Raises:
        UsageError: one does not.
    """
    from hsbench.api import reports
    from hsbench.errors import UsageError

    if output_format in reports.FOLDERS and output is None:
        raise UsageError(f"--format {output_format} writes into a folder; name it with --output DIR.")
    if output_format == "parquet" and output is None:
        raise UsageError("--format parquet writes a binary file; name it, or a folder for it, with --output.")
    own = (
        ("--per-clip", per_clip, ("csv", "parquet")),
        ("--standalone", standalone, ("latex",)),
        ("--no-audio", no_audio, ("html",)),
        ("--clip", clip is not None, ("figures",)),
    )
    for option, given, formats in own:
        if given and output_format not in formats:
            raise UsageError(f"{option} goes with --format {formats[0]}, got --format {output_format}.")


def _fill(selection: Selection, output_format: str, output: Path, clip: str | None, *, audio: bool) -> None:
    """Write what belongs into a folder, and say what was written.

    Raises:
        IncompleteError: there was nothing to draw.
    """
    from hsbench.api import reports
    from hsbench.api.progress import metered
    from hsbench.errors import IncompleteError

    if output_format == "html":
        with metered("pages of clips") as tell:
            size = reports.write_html(selection, output, audio=audio, progress=tell)
        print(f"wrote {output / 'index.html'} ({size / 1e6:.1f} MB in all{'' if audio else ', without sound'})")
        return
    undrawn: list[str] = []
    if output_format == "figures":
        paths, undrawn = reports.write_figures(selection, output, clip)
    else:
        write = {"curves": reports.write_curves, "tensorboard": reports.write_tensorboard}[output_format]
        paths = write(selection, output)
    for path in paths:
        print(f"wrote {path}")
    for note in undrawn:
        print(f"not drawn, {note}")
    if not paths:
        raise IncompleteError("there is nothing to draw yet; run the experiments, or choose others.")


def _emit(output: Path | None, content: bytes, output_format: str, stem: str) -> None:
    """Print the content, or write it and say where."""
    from hsbench.api import reports

    if output is None:
        print(content.decode(), end="")
    else:
        print(f"wrote {reports.save(output, content, output_format, stem)}")
