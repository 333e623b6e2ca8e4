"""`hsbench report`: print or write the tables and figures of a results folder."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hsbench.cli import options, screen

if TYPE_CHECKING:
    from hsbench.api.reports import Selection

Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="Format of the report. For a terminal: text, the default there. A single file: markdown (the default "
        "elsewhere), latex, csv, or parquet (one line per clip and metric). "
        "A folder: html (pages with sound), figures (PNG and PDF), curves (learning curves only), tensorboard.",
    ),
]
COLUMNS = ("all", "paper")
AGGREGATES = ("ours", "paper", "penalised")


def report(
    experiments: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names of experiments to report, and files FILE.hsr of hsbench pack, which are verified and reported "
            "together in place of the results folder. Default: all that was run.",
            metavar="[EXPERIMENT | FILE.hsr]...",
        ),
    ] = None,
    output_format: Format = None,
    output: Annotated[
        Path | None,
        typer.Option(help="File or folder to write to. Default: standard output."),
    ] = None,
    per_clip: Annotated[
        bool,
        typer.Option(
            "--per-clip", help="With csv: write every score, one line per clip and metric, instead of the means."
        ),
    ] = False,
    columns: Annotated[
        str, typer.Option(help="Columns of the tables: all, or paper (only the model and the metrics of the paper).")
    ] = "all",
    aggregate: Annotated[
        str,
        typer.Option(
            help="Means of the tables: ours, paper (adds the means as the published evaluation computes them), or "
            "penalised (adds the means in which a failed estimate counts as the worst value)."
        ),
    ] = "ours",
    standalone: Annotated[
        bool, typer.Option("--standalone", help="With latex: write a complete document, ready for pdflatex.")
    ] = False,
    clip: Annotated[
        str | None, typer.Option(help="With figures: clip whose sound is shown. Default: the clip of median quality.")
    ] = None,
    no_audio: Annotated[
        bool, typer.Option("--no-audio", help="With html: omit the sound, which makes up most of the size.")
    ] = False,
    rescore: Annotated[
        bool, typer.Option("--rescore", help="With FILE.hsr: compute the scores of the packed sound again.")
    ] = False,
    corpus: options.OnlyCorpus = None,
    budget: options.OnlyBudget = None,
    protocol: options.OnlyProtocol = None,
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
    baselines: options.Baselines = None,
    wide: options.Wide = False,
) -> None:
    """Print or write the tables and figures of a results folder.

    A named experiment without results is named at the end, and the exit code is then 3.
    """
    from hsbench.api import packs, reports
    from hsbench.api.registered import import_files
    from hsbench.errors import UsageError

    packed = [Path(name) for name in experiments or () if name.endswith(packs.SUFFIX)]
    experiments = [name for name in experiments or () if not name.endswith(packs.SUFFIX)] or None
    if rescore and not packed:
        raise UsageError("--rescore belongs to files FILE.hsr of hsbench pack; name one, or leave --rescore out.")
    output_format = _chosen(output_format, output, wide=wide)
    _check_names(output_format, columns, aggregate)
    _check_options(
        output_format, output, wide=wide, per_clip=per_clip, standalone=standalone, no_audio=no_audio, clip=clip
    )
    import_files(imports)
    with packs.joined(packed, rescore=rescore, progress=_say) if packed else nullcontext(results) as folder:
        selection = reports.select(folder, experiments, corpus, budget, protocol, baselines)
        if output_format in reports.FOLDERS and output is not None:
            _fill(selection, output_format, output, clip, audio=not no_audio)
            selection.require_complete()
            return
        form = reports.form(
            paper_columns=columns == "paper",
            paper_means=aggregate == "paper",
            standalone=standalone,
            penalised_means=aggregate == "penalised",
        )
        if output_format == "text":
            screen.show(reports.drawn(selection, form, room := screen.width(wide=wide)), room)
            selection.require_complete()
            return
        content = reports.rendered(selection, output_format, form, per_clip=per_clip)
        _emit(output, content, output_format, "per-clip" if per_clip or output_format == "parquet" else "summary")
        selection.require_complete()


def _say(line: str) -> None:
    """Print a line of progress, apart from the report."""
    print(line, file=sys.stderr)


def _chosen(output_format: str | None, output: Path | None, *, wide: bool) -> str:
    """Return the format of a report: the named one, or the one that suits a file or the terminal."""
    return output_format or ("markdown" if output is not None else screen.chosen(None, wide=wide))


def _check_names(output_format: str, columns: str, aggregate: str) -> None:
    """Check the names of the format, the columns and the aggregate.

    Raises:
        UnknownNameError: there is no such format, choice of columns or aggregate.
    """
    from hsbench.api import reports
    from hsbench.errors import UnknownNameError

    named = (
        ("format", output_format, ("text", *reports.SUFFIX, *reports.FOLDERS)),
        ("choice of columns", columns, COLUMNS),
        ("aggregate", aggregate, AGGREGATES),
    )
    for kind, name, known in named:
        if name not in known:
            raise UnknownNameError(kind, name, known)


def _check_options(
    output_format: str,
    output: Path | None,
    *,
    wide: bool,
    per_clip: bool,
    standalone: bool,
    no_audio: bool,
    clip: str | None,
) -> None:
    """Check that every given option has an effect in the format.

    Raises:
        UsageError: an option does not belong to the format, or the format needs --output.
    """
    from hsbench.api import reports
    from hsbench.errors import UsageError

    if output_format in reports.FOLDERS and output is None:
        raise UsageError(f"--format {output_format} writes into a folder; name it with --output DIR.")
    if output_format == "text" and output is not None:
        raise UsageError("--format text is for a terminal; write --output with --format markdown, for example.")
    if output_format == "parquet" and output is None:
        raise UsageError("--format parquet writes a binary file; name it, or a folder for it, with --output.")
    formats_of = (
        ("--wide", wide, ("text",)),
        ("--per-clip", per_clip, ("csv", "parquet")),
        ("--standalone", standalone, ("latex",)),
        ("--no-audio", no_audio, ("html",)),
        ("--clip", clip is not None, ("figures",)),
    )
    for option, given, formats in formats_of:
        if given and output_format not in formats:
            raise UsageError(
                f"{option} goes with --format {formats[0]}, got --format {output_format}; leave {option} out."
            )


def _fill(selection: Selection, output_format: str, output: Path, clip: str | None, *, audio: bool) -> None:
    """Write a report that consists of a folder of files, and print the paths.

    Raises:
        IncompleteError: there is nothing to draw.
    """
    from hsbench.api import reports
    from hsbench.api.progress import metered
    from hsbench.errors import IncompleteError

    if output_format == "html":
        with metered("pages of clips") as progress:
            size = reports.write_html(selection, output, audio=audio, progress=progress)
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
    """Print a report that is a single file, or write it and print its path."""
    from hsbench.api import reports

    if output is None:
        print(content.decode(), end="")
    else:
        print(f"wrote {reports.save(output, content, output_format, stem)}")
