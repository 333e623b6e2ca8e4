"""`hsbench report`: tables from what is in the results folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hsbench.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.report.table import Table
    from hsbench.run.store import Results

SUFFIX = {"markdown": ".md", "latex": ".tex", "csv": ".csv"}
FOLDERS = ("curves", "tensorboard", "html")
"""Formats that fill a folder."""


def report(
    experiments: Annotated[
        list[str] | None,
        typer.Argument(help="Experiments by name; all that were run by default.", metavar="[EXPERIMENT]..."),
    ] = None,
    output_format: Annotated[
        str,
        typer.Option(
            "--format",
            help="markdown, latex or csv; into a folder: html (pages with sound), curves (learning curves as PNG and "
            "PDF), tensorboard.",
        ),
    ] = "markdown",
    output: Annotated[
        Path | None,
        typer.Option(help="A file of that format, or a folder for it; standard output by default."),
    ] = None,
    per_clip: Annotated[
        bool, typer.Option("--per-clip", help="With csv: the long table, one line per clip and metric.")
    ] = False,
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
    """Print or write the tables of what was run."""
    from hsbench import protocols
    from hsbench.cli import asking, publishing
    from hsbench.errors import IncompleteError, UnknownNameError, UsageError
    from hsbench.run.store import Results

    if output_format not in (*SUFFIX, *FOLDERS):
        raise UnknownNameError("format", output_format, (*SUFFIX, *FOLDERS))
    if output_format in FOLDERS and output is None:
        raise UsageError(f"--format {output_format} writes into a folder; name it with --output DIR.")
    if per_clip and output_format != "csv":
        raise UsageError(f"--per-clip goes with --format csv, got --format {output_format}.")
    if no_audio and output_format != "html":
        raise UsageError(f"--no-audio goes with --format html, got --format {output_format}.")
    asking.import_files(imports)
    store = Results(results)
    wanted = {"corpus": corpus, "budget": budget, "protocol": protocols.name(protocol) if protocol else None}
    chosen = asking.groups(store, experiments or store.views(), wanted)
    if not chosen:
        raise IncompleteError(
            f"{results} holds nothing to report on for {', '.join(experiments or ['any experiment'])}; run it first, "
            "for instance: hsbench run table2d"
        )
    if output_format == "html" and output is not None:
        publishing.publish(store, chosen, output, baselines, audio=not no_audio)
        return
    if output_format in FOLDERS and output is not None:
        _fill(store, chosen, output_format, output)
        return
    content = _content(store, chosen, output_format, baselines, per_clip=per_clip)
    if output is None:
        print(content, end="")
    else:
        print(f"wrote {_write(output, content, output_format, per_clip=per_clip)}")


def _fill(store: Results, chosen: Sequence[tuple[str, str]], output_format: str, output: Path) -> None:
    """Write what belongs into a folder, and say what was written."""
    from hsbench.report import curves

    save = {"curves": curves.save_figure, "tensorboard": curves.save_events}[output_format]
    for experiment, group in chosen:
        for path in save(store.view(experiment)["groups"][group], store, output, f"{experiment}--{group}"):
            print(f"wrote {path}")


def show(store: Results, experiment: str, group: str, baselines: Path | None) -> None:
    """Print the Markdown of one group; on a terminal, what was published stands in grey."""
    from hsbench.report import render

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


def _content(
    store: Results,
    chosen: Sequence[tuple[str, str]],
    output_format: str,
    baselines: Path | None,
    *,
    per_clip: bool,
) -> str:
    from hsbench.report import render

    if per_clip:
        import pandas as pd

        from hsbench.analysis.frame import long_frame

        frames = [long_frame(store.view(experiment)["groups"][group], store) for experiment, group in chosen]
        return str(pd.concat(frames).to_csv(index=False))
    renderers = {"markdown": render.markdown, "latex": render.latex, "csv": render.summary_csv}
    return renderers[output_format](_tables(store, chosen, baselines))


def _write(output: Path, content: str, output_format: str, *, per_clip: bool) -> Path:
    from hsbench.files import replace_atomically

    suffix = SUFFIX[output_format]
    path = output if output.suffix == suffix else output / f"{'per-clip' if per_clip else 'summary'}{suffix}"
    replace_atomically(path, content.encode())
    return path
