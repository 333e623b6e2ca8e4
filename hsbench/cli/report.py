"""`hsbench report`: tables and figures from what is in the results folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hsbench.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.report.form import Form
    from hsbench.report.table import Table
    from hsbench.results.store import Results

SUFFIX = {"markdown": ".md", "latex": ".tex", "csv": ".csv", "parquet": ".parquet"}
FOLDERS = ("html", "figures", "curves", "tensorboard")
"""Formats that fill a folder."""
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
    from hsbench import protocols
    from hsbench.cli import asking, publishing
    from hsbench.report.form import Form
    from hsbench.results.store import Results

    _check_names(output_format, columns, aggregate)
    _check_fit(output_format, output, per_clip=per_clip, standalone=standalone, no_audio=no_audio, clip=clip)
    asking.import_files(imports)
    store = Results(results)
    wanted = {"corpus": corpus, "budget": budget, "protocol": protocols.name(protocol) if protocol else None}
    chosen = _chosen(store, experiments, wanted)
    if output_format == "html" and output is not None:
        publishing.publish(store, chosen, output, baselines, audio=not no_audio)
        return
    if output_format in FOLDERS and output is not None:
        _fill(store, chosen, output_format, output, clip)
        return
    long = per_clip or output_format == "parquet"
    form = Form(columns == "paper", aggregate == "paper", standalone)
    content = _long(store, chosen, output_format) if long else _tables_as(store, chosen, output_format, baselines, form)
    _emit(output, content, output_format, "per-clip" if long else "summary")


def _chosen(store: Results, experiments: Sequence[str] | None, wanted: dict[str, str | None]) -> list[tuple[str, str]]:
    """The (experiment, group) pairs to report on.

    Raises:
        IncompleteError: there is none.
    """
    from hsbench.cli import asking
    from hsbench.errors import IncompleteError

    chosen = asking.groups(store, experiments or store.views(), wanted)
    if not chosen:
        raise IncompleteError(
            f"{store.root} holds nothing to report on for {', '.join(experiments or ['any experiment'])}; run it "
            "first, for instance: hsbench run table2d"
        )
    return chosen


def _check_names(output_format: str, columns: str, aggregate: str) -> None:
    """Refuse names that mean nothing.

    Raises:
        UnknownNameError: no such format, choice of columns or aggregate.
    """
    from hsbench.errors import UnknownNameError

    named = (
        ("format", output_format, (*SUFFIX, *FOLDERS)),
        ("choice of columns", columns, COLUMNS),
        ("aggregate", aggregate, AGGREGATES),
    )
    for kind, name, known in named:
        if name not in known:
            raise UnknownNameError(kind, name, known)


def _check_fit(
    output_format: str, output: Path | None, *, per_clip: bool, standalone: bool, no_audio: bool, clip: str | None
) -> None:
    """Refuse options that do not go with the format.

    Raises:
        UsageError: one does not.
    """
    from hsbench.errors import UsageError

    if output_format in FOLDERS and output is None:
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


def _fill(
    store: Results, chosen: Sequence[tuple[str, str]], output_format: str, output: Path, clip: str | None
) -> None:
    """Write what belongs into a folder, and say what was written."""
    from hsbench.cli import folders

    if output_format == "figures":
        folders.figures(store, chosen, output, clip)
    else:
        {"curves": folders.curves, "tensorboard": folders.tensorboard}[output_format](store, chosen, output)


def show(store: Results, experiment: str, group: str, baselines: Path | None) -> None:
    """Print the Markdown of one group; on a terminal, what was published stands in grey."""
    from hsbench.report import markdown as render

    ours, mark, published = render.markdown(_tables(store, [(experiment, group)], baselines)).partition(
        render.PUBLISHED
    )
    grey, plain = ("\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "")
    print(ours + (grey + mark + published + plain if mark else ""))


def note(store: Results, baselines: Path | None) -> None:
    """Write the README of the results folder and say where it is."""
    from hsbench.report import readme

    print(f"wrote {store.write_readme(readme.markdown(store, baselines))}")


def _tables(store: Results, chosen: Sequence[tuple[str, str]], baselines: Path | None) -> list[Table]:
    from hsbench.report.table import build

    return [build(store.view(experiment)["groups"][group], store, baselines) for experiment, group in chosen]


def _tables_as(
    store: Results, chosen: Sequence[tuple[str, str]], output_format: str, baselines: Path | None, form: Form
) -> bytes:
    from hsbench.report import latex
    from hsbench.report import markdown as render
    from hsbench.report.summary_csv import summary_csv

    renderers = {"markdown": render.markdown, "latex": latex.latex, "csv": summary_csv}
    return renderers[output_format](_tables(store, chosen, baselines), form).encode()


def _long(store: Results, chosen: Sequence[tuple[str, str]], output_format: str) -> bytes:
    from hsbench.report import long_table

    written = {"csv": long_table.long_csv, "parquet": long_table.long_parquet}[output_format]
    return written(long_table.gathered(store, chosen))


def _emit(output: Path | None, content: bytes, output_format: str, stem: str) -> None:
    """Print the content, or write it and say where."""
    from hsbench.files import replace_atomically

    if output is None:
        print(content.decode(), end="")
        return
    suffix = SUFFIX[output_format]
    path = output if output.suffix == suffix else output / f"{stem}{suffix}"
    replace_atomically(path, content)
    print(f"wrote {path}")
