"""Reports of a results folder: tables in every format, and reports that consist of a folder of files."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hsbench.api.tables import matching
from hsbench.errors import IncompleteError, UnknownNameError
from hsbench.files import replace_atomically
from hsbench.results.store import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import RenderableType

    from hsbench.report.form import Form
    from hsbench.report.table import Table
    from hsbench.results.view import View

SUFFIX = {"markdown": ".md", "latex": ".tex", "csv": ".csv", "parquet": ".parquet"}
"""Format of a report that is a single file -> ending of the file name."""
FOLDERS = ("html", "figures", "curves", "tensorboard")
"""Formats of reports that consist of a folder of files."""


@dataclass(frozen=True)
class Selection:
    """The part of a results folder that a report covers.

    Attributes:
        results: the results folder.
        views: the views to report, one for each group of corpora, budget and protocol, in the requested order.
        baselines: folder with published numbers; None for those of the package.
        missing: requested experiments without matching results, in the requested order.
        conditions: options that restrict the results, as on the command line, such as " --budget smoke".
    """

    results: Results
    views: tuple[View, ...]
    baselines: Path | None
    missing: tuple[str, ...] = ()
    conditions: str = ""

    def tables(self) -> list[Table]:
        """Return one table for each view."""
        from hsbench.report.table import build

        return [build(view, self.results, self.baselines) for view in self.views]

    def require_complete(self) -> None:
        """Raise an error if a requested experiment has no results to report, or some of them are not possible.

        Raises:
            IncompleteError: no results of an experiment match, or something was left out because it is not possible;
                the message names it.
        """
        if self.missing or not self.views:
            asked = f"{', '.join(self.missing) or 'any experiment'}{self.conditions and f' with{self.conditions}'}"
            them = "them" if len(self.missing) > 1 else "it"
            others = "" if self.results.root == Path("results") else f" --results {shlex.quote(str(self.results.root))}"
            # One command for each: an experiment that pins its device cannot share a run with another one.
            commands = (f"hsbench run {name}{self.conditions}{others}" for name in self.missing or ("table2d",))
            raise IncompleteError(
                f"{self.results.root} holds nothing to report on for {asked}; run {them} first"
                f"{'' if self.missing else ', for instance'}: {'; '.join(commands)}"
            )
        self.results.require_possible(self.views)


def select(
    folder: Path,
    experiments: Sequence[str] | None,
    corpus: str | None = None,
    budget: str | None = None,
    protocol: str | None = None,
    baselines: Path | None = None,
) -> Selection:
    """Select the results to report; `Selection.missing` names the experiments that have none.

    Args:
        folder: the results folder.
        experiments: names of experiments; None for all that were run.
        corpus: only results on this corpus; None for any corpus.
        budget: only results with this budget; None for any budget.
        protocol: only results with this protocol; None for any protocol.
        baselines: folder with published numbers; None for those of the package.

    Raises:
        UnknownNameError: there is no such experiment or protocol.
        IncompleteError: no results match at all.
    """
    results = Results(folder)
    views = matching(results, experiments or results.experiments(), corpus, budget, protocol)
    present = {view.experiment for view in views}
    missing = tuple(name for name in dict.fromkeys(experiments or ()) if name not in present)
    options = {"--corpus": corpus, "--budget": budget, "--protocol": protocol}
    conditions = "".join(f" {option} {value}" for option, value in options.items() if value is not None)
    selection = Selection(results, tuple(views), baselines, missing, conditions)
    if not views:
        selection.require_complete()
    return selection


def rendered(selection: Selection, output_format: str, form: Form, *, per_clip: bool = False) -> bytes:
    """Return the content of a report that is a single file.

    Args:
        selection: the results to report.
        output_format: a key of SUFFIX; "parquet" is always the long table with one line per clip and metric.
        form: columns and means of the tables.
        per_clip: with "csv", whether to write the long table instead of the means.

    Raises:
        BackendMissingError: the format is "parquet" and the package pyarrow is not installed.
    """
    if per_clip or output_format == "parquet":
        from hsbench.report import long_table

        write = {"csv": long_table.long_csv, "parquet": long_table.long_parquet}[output_format]
        return write(long_table.gathered(selection.results, selection.views))
    from hsbench.report.latex import latex
    from hsbench.report.markdown import markdown
    from hsbench.report.summary_csv import summary_csv

    renderers = {"markdown": markdown, "latex": latex, "csv": summary_csv}
    return renderers[output_format](selection.tables(), form).encode()


def drawn(selection: Selection, form: Form, width: int | None) -> RenderableType:
    """Return the tables of a report for a terminal, to be printed by a console of rich.

    Args:
        selection: the results to report.
        form: columns and means of the tables.
        width: columns of the terminal; None shows everything, however wide.
    """
    from hsbench.report.terminal import terminal

    return terminal(selection.tables(), form, width)


def form(
    *,
    paper_columns: bool = False,
    paper_means: bool = False,
    standalone: bool = False,
    penalised_means: bool = False,
) -> Form:
    """Return the form of a table, that is, its columns and means.

    Args:
        paper_columns: whether to show only the columns of the published table.
        paper_means: whether to add the means as the published evaluation computes them.
        standalone: with "latex", whether to write a complete document.
        penalised_means: whether to add the means in which a failed estimate counts as the metric's worst value.
    """
    from hsbench.report.form import Form

    return Form(paper_columns, paper_means, standalone, penalised_means)


def save(output: Path, content: bytes, output_format: str, stem: str) -> Path:
    """Write a report that is a single file, and return its path.

    Args:
        output: path of the file, or of a folder for it.
        content: content of the file.
        output_format: a key of SUFFIX.
        stem: file name without the ending, used if `output` is a folder.
    """
    suffix = SUFFIX[output_format]
    path = output if output.suffix == suffix else output / f"{stem}{suffix}"
    replace_atomically(path, content)
    return path


def write_html(selection: Selection, output: Path, *, audio: bool, progress: Callable[[float, float], None]) -> int:
    """Write HTML pages with tables, sound, figures and provenance; return their size in bytes.

    Args:
        selection: the results to report.
        output: folder to write into.
        audio: whether to include the sound, which makes up most of the size.
        progress: called with (done, total) pages of clips.
    """
    from hsbench.report.html.write import write

    return write(selection.results, selection.views, output, selection.baselines, audio=audio, tell=progress)


def write_figures(selection: Selection, output: Path, clip: str | None = None) -> tuple[list[Path], list[str]]:
    """Write every figure as PNG and PDF, and the page figures.md with their captions.

    Args:
        selection: the results to report.
        output: folder to write into.
        clip: identifier of the clip whose sound is shown; None for the clip of median quality.

    Returns:
        The files written, and one sentence for each figure that could not be drawn.

    Raises:
        UnknownNameError: the clip is in none of the selected results.
        IncompleteError: there is nothing to draw.
    """
    from hsbench.report import figures

    _check_clip(selection, clip)
    page: list[str] = []
    paths: list[Path] = []
    undrawn: list[str] = []
    for view in selection.views:
        drawn, notes = figures.drawn(view, selection.results, clip)
        page.append(f"# {view.experiment}, {view.group}")
        for figure in drawn:
            files = figures.save(figure, output, f"{view.experiment}--{view.group}")
            paths += files
            page.append(f"## {figure.title}\n\n![{figure.title}]({files[0].name})\n\n{figure.caption}")
        undrawn += [f"{view.experiment}, {view.group}: {note}" for note in notes]
        page += [f"Not drawn: {note}" for note in notes]
    if paths:
        replace_atomically(output / "figures.md", ("\n\n".join(page) + "\n").encode())
        paths.append(output / "figures.md")
    return paths, undrawn


def _check_clip(selection: Selection, clip: str | None) -> None:
    """Raise where a clip is in none of the selected results; None is always accepted.

    Raises:
        UnknownNameError: the clip is in none of the selected results.
    """
    known = {name for view in selection.views for corpus in view.corpora.values() for name in corpus.clips}
    if clip is not None and clip not in known:
        raise UnknownNameError("clip", clip, known)


def write_curves(selection: Selection, output: Path) -> list[Path]:
    """Write the learning curves as PNG and PDF; return the files.

    Args:
        selection: the results to report.
        output: folder to write into.

    Raises:
        IncompleteError: a selected view has no learning curves.
    """
    from hsbench.report import figures
    from hsbench.report.figures import curves

    return [
        path
        for view in selection.views
        for path in figures.save(curves.drawn(view, selection.results), output, f"{view.experiment}--{view.group}")
    ]


def write_tensorboard(selection: Selection, output: Path) -> list[Path]:
    """Write the learning curves as TensorBoard event files; return their folders.

    Args:
        selection: the results to report.
        output: folder to write into.

    Raises:
        IncompleteError: a selected view has no learning curves.
        BackendMissingError: the package tensorboard is not installed.
    """
    from hsbench.report.events import save_events

    return [
        path
        for view in selection.views
        for path in save_events(view, selection.results, output, f"{view.experiment}--{view.group}")
    ]


def write_readme(folder: Path, baselines: Path | None = None) -> Path:
    """Write the page of a results folder that lists what was run, with every table; return its path.

    Args:
        folder: the results folder.
        baselines: folder with published numbers; None for those of the package.
    """
    from hsbench.report import readme

    results = Results(folder)
    return results.write_readme(readme.markdown(results, baselines))
