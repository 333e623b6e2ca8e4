"""Reports of what was run: tables in every format, and formats that fill a folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench.api.tables import matching
from hsbench.errors import IncompleteError, UnknownNameError
from hsbench.files import replace_atomically
from hsbench.results.store import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hsbench.report.form import Form
    from hsbench.report.table import Table
    from hsbench.results.view import View

SUFFIX = {"markdown": ".md", "latex": ".tex", "csv": ".csv", "parquet": ".parquet"}
"""Formats that are one file, and the ending of its name."""
FOLDERS = ("html", "figures", "curves", "tensorboard")
"""Formats that fill a folder."""


@dataclass(frozen=True)
class Selection:
    """What of a results folder is reported on.

    Attributes:
        results: the results folder.
        views: the groups that match, in the order asked for.
        baselines: folder with published numbers; None is the packaged one.
    """

    results: Results
    views: tuple[View, ...]
    baselines: Path | None

    def tables(self) -> list[Table]:
        """Return a table for each view."""
        from hsbench.report.table import build

        return [build(view, self.results, self.baselines) for view in self.views]


def select(
    folder: Path,
    experiments: Sequence[str] | None,
    corpus: str | None = None,
    budget: str | None = None,
    protocol: str | None = None,
    baselines: Path | None = None,
) -> Selection:
    """Choose what to report on.

    Args:
        folder: the results folder.
        experiments: names; None is all that were run.
        corpus: only groups with this corpus.
        budget: only groups of this budget.
        protocol: only groups of this protocol.
        baselines: folder with published numbers; None is the packaged one.

    Raises:
        UnknownNameError: an experiment or the protocol has no such name.
        IncompleteError: nothing matches.
    """
    results = Results(folder)
    views = matching(results, experiments or results.experiments(), corpus, budget, protocol)
    if not views:
        raise IncompleteError(
            f"{results.root} holds nothing to report on for {', '.join(experiments or ['any experiment'])}; run it "
            "first, for instance: hsbench run table2d"
        )
    return Selection(results, tuple(views), baselines)


def rendered(selection: Selection, output_format: str, form: Form, *, per_clip: bool = False) -> bytes:
    """Return a report that is one file.

    Args:
        selection: what to report on.
        output_format: markdown, latex, csv or parquet; parquet is always the long table.
        form: which columns and means a table has.
        per_clip: with csv, the long table with one line per clip and metric.

    Raises:
        BackendMissingError: parquet needs pyarrow, which is not installed.
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


def form(*, paper_columns: bool = False, paper_means: bool = False, standalone: bool = False) -> Form:
    """Return the form of a table.

    Args:
        paper_columns: whether only the columns of the published table are shown.
        paper_means: whether the means of the published evaluation stand beside ours.
        standalone: with latex, whether a whole document is written.
    """
    from hsbench.report.form import Form

    return Form(paper_columns, paper_means, standalone)


def save(output: Path, content: bytes, output_format: str, stem: str) -> Path:
    """Write a report that is one file, and return its path.

    Args:
        output: the file, or a folder for it.
        content: of the file.
        output_format: a key of SUFFIX.
        stem: name of the file in a folder, without the ending.
    """
    suffix = SUFFIX[output_format]
    path = output if output.suffix == suffix else output / f"{stem}{suffix}"
    replace_atomically(path, content)
    return path


def write_html(selection: Selection, output: Path, *, audio: bool, progress: Callable[[float, float], None]) -> int:
    """Write pages with tables, sound, figures and provenance; return their size in bytes.

    Args:
        selection: what to report on.
        output: folder to write into.
        audio: whether the sound is written too, which is most of the size.
        progress: takes (done, total) pages of clips.
    """
    from hsbench.report.html.write import write

    return write(selection.results, selection.views, output, selection.baselines, audio=audio, tell=progress)


def write_figures(selection: Selection, output: Path, clip: str | None = None) -> tuple[list[Path], list[str]]:
    """Write every figure as PNG and PDF, and figures.md with their captions.

    Args:
        selection: what to report on.
        output: folder to write into.
        clip: id of the clip whose sound is shown; None is the median one.

    Returns:
        The files written, and a sentence for each figure that could not be drawn.

    Raises:
        UnknownNameError: no chosen group has the clip.
        IncompleteError: there was nothing to draw.
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
    known = {one for view in selection.views for corpus in view.corpora.values() for one in corpus.clips}
    if clip is not None and clip not in known:
        raise UnknownNameError("clip", clip, known)


def write_curves(selection: Selection, output: Path) -> list[Path]:
    """Write the learning curves as PNG and PDF; return the files.

    Raises:
        IncompleteError: a group has none.
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

    Raises:
        IncompleteError: a group has none.
        BackendMissingError: the package tensorboard is not installed.
    """
    from hsbench.report.events import save_events

    return [
        path
        for view in selection.views
        for path in save_events(view, selection.results, output, f"{view.experiment}--{view.group}")
    ]


def write_readme(folder: Path, baselines: Path | None = None) -> Path:
    """Write the generated page of a results folder: what was run, with every table; return its path."""
    from hsbench.report import readme

    results = Results(folder)
    return results.write_readme(readme.markdown(results, baselines))
