"""The README of a results folder: what was run, when, with which budget and outcome, and all tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.errors import HsbenchError
from hsbench.report import sessions
from hsbench.report.markdown import FOOT, grid
from hsbench.report.markdown import markdown as tables_markdown
from hsbench.report.names import short
from hsbench.report.table import build

if TYPE_CHECKING:
    from pathlib import Path

    from hsbench.report.table import Table
    from hsbench.results.cell_folder import CellFolder
    from hsbench.results.store import Results
    from hsbench.results.view import View

HEAD = """\
# What was run here

`hsbench run` writes this page from the files of this folder after every run; changes made by hand
are lost. The page `docs/results.md` of hsbench describes the files. Other forms of the tables:

```sh
hsbench report --results . --format html --output report     # with sound, clip by clip
hsbench report --results . --format csv                      # or latex, markdown
```
"""


def markdown(results: Results, baselines: Path | None = None) -> str:
    """Return the whole page, with a table for every view of the folder. The same results give the same text.

    An experiment that cannot be shown, for example one of a plug-in that is not installed now, is named with the
    reason. It must not be an error, because the page is written after the run of any other experiment too.

    Args:
        results: the results folder.
        baselines: folder with published numbers that the user named, or None.
    """
    tables: list[Table] = []
    not_shown = []
    for name in results.experiments():
        try:
            tables += [build(view, results, baselines) for view in results.views(name).values()]
        except HsbenchError as error:
            not_shown.append(f"- {name} cannot be shown: {error}\n")
    parts = [HEAD, _summary(tables, results), *not_shown]
    for table in tables:
        parts.append(tables_markdown([table], foot=False))
        parts.append(_cells(table.view, results))
    return "\n".join([*parts, FOOT])


def _summary(tables: list[Table], results: Results) -> str:
    """Return a table with one line per view."""
    lines = []
    for view in (table.view for table in tables):
        histories = [sessions.history(folder) for _, folder in _folders(view, results)]
        first_starts = [history.first_start for history in histories if history.first_start]
        last_starts = [history.last_start for history in histories if history.last_start]
        lines.append(
            [
                view.experiment,
                " + ".join(view.row_corpora()) + (f", trained on {view.train_corpus}" if view.train_corpus else ""),
                view.budget,
                view.protocol,
                str(max((len(corpus.clips) for corpus in view.corpora.values()), default=0)),
                sessions.statuses(histories) or "no cells",
                min(first_starts, default=""),
                max(last_starts, default=""),
                sessions.duration(sum(history.seconds for history in histories)),
            ]
        )
    head = ["experiment", "corpus", "budget", "protocol", "clips", "cells", "first started", "last started", "time"]
    return grid(head, lines) + "\n"


def _cells(view: View, results: Results) -> str:
    """Return a table with one line per cell of a view, and the commands that ran them."""
    lines: list[list[str]] = []
    commands: dict[str, None] = {}
    for rows, folder in _folders(view, results):
        history = sessions.history(folder)
        commands |= dict.fromkeys(history.commands)
        time, versions = sessions.duration(history.seconds), ", ".join(history.versions)
        names = "; ".join(short(row) for row in rows)
        lines.append([names, history.outcome, history.last_start, time, versions, folder.path.name])
    if not lines:
        return ""
    table = grid(["row", "status", "last started", "time", "hsbench", "cell"], lines)
    listed = "".join(f"\n- `{command}`" for command in commands)
    return f"Cells:\n\n{table}\n" + (f"\nCommands:\n{listed}\n" if listed else "")


def _folders(view: View, results: Results) -> list[tuple[list[str], CellFolder]]:
    """Return (names of its rows, folder) of every cell of a view; rows on seen and on held-out clips share a cell."""
    rows: dict[str, list[str]] = {}
    for row, cell in view.cells():
        rows.setdefault(cell, []).append(row.name)
    return [(names, results.folder(cell)) for cell, names in rows.items()]
