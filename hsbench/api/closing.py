"""The end of a run whose experiment asks for it: what the table says in sentences, and an HTML report to listen to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.api.progress import metered
from hsbench.api.reports import Selection, write_html
from hsbench.results.store import Results

if TYPE_CHECKING:
    from pathlib import Path

    from hsbench.api.runs import Study

PAGES = "pages"
"""Folder of the HTML reports, in the results folder."""


def sentences(study: Study) -> list[str]:
    """Return what the tables of a study say, at most five sentences a table; none unless the experiment asks for it.

    Args:
        study: the outcome of a run.
    """
    from hsbench.report import summary

    return [sentence for table in study.groups if _asks(table.view.experiment) for sentence in summary.sentences(table)]


def write_page(study: Study, folder: Path, baselines: Path | None) -> Path | None:
    """Write an HTML report of the experiments of a study that ask for one, and return the path of its first page.

    Args:
        study: the outcome of a run.
        folder: its results folder.
        baselines: folder with published numbers; None for those of the package.

    Returns:
        None where no experiment asks for a page.
    """
    views = tuple(view for view in study.views if _asks(view.experiment))
    if not views:
        return None
    output = folder / PAGES / "-".join(dict.fromkeys(view.experiment for view in views))
    with metered("HTML: clip pages") as progress:
        write_html(Selection(Results(folder), views, baselines), output, audio=True, progress=progress)
    return output / "index.html"


def _asks(experiment: str) -> bool:
    """Return whether an experiment asks for a summary and a page."""
    return bool(registry.experiment(experiment).load()().page)
