"""The README of a results folder: what was run, when, with which budget and outcome, and every table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.errors import HsbenchError
from hsbench.report import sessions
from hsbench.report.markdown import FOOT, grid
from hsbench.report.markdown import markdown as tables_markdown
from hsbench.report.table import build

if TYPE_CHECKING:
    from pathlib import Path

    from hsbench.report.sessions import Past
    from hsbench.report.table import Table
    from hsbench.results.cell_folder import CellFolder
    from hsbench.results.store import Results
    from hsbench.results.view import View

HEAD = """\
# What was run here

Written by `hsbench run` from the files of this folder, after every run; a change by hand is lost. `docs/results.md`
of hsbench describes the files. The tables in other forms:

```sh
hsbench report --results . --format html --output report     # with sound, clip by clip
hsbench report --results . --format csv                      # or latex, markdown
```
"""


def markdown(results: Results, baselines: Path | None = None) -> str:
    """Return the whole page, of every view in the folder. The same results give the same text.

    An experiment that cannot be shown, such as one of a plug-in that is not imported now, is named with the reason:
    the page is written after a run of any other one.
    """
    tables: list[Table] = []
    lost = []
    for name in results.experiments():
        try:
            tables += [build(view, results, baselines) for view in results.views(name).values()]
        except HsbenchError as error:
            lost.append(f"- {name} cannot be shown: {error}\n")
    parts = [HEAD, _summary(tables, results), *lost]
    for table in tables:
        parts.append(tables_markdown([table], foot=False))
        parts.append(_cells(table.view, results))
    return "\n".join([*parts, FOOT])


def _summary(tables: list[Table], results: Results) -> str:
    """A line for each view."""
    lines = []
    for view in (table.view for table in tables):
        past = [sessions.past(folder) for _, folder in _folders(view, results)]
        starts, lasts = [one.started for one in past if one.started], [one.last for one in past if one.last]
        lines.append(
            [
                view.experiment,
                " + ".join(view.row_corpora()),
                view.budget,
                view.protocol,
                str(max((len(corpus.clips) for corpus in view.corpora.values()), default=0)),
                sessions.statuses(past) or "no cells",
                min(starts, default=""),
                max(lasts, default=""),
                sessions.duration(sum(one.seconds for one in past)),
            ]
        )
    head = ["experiment", "corpus", "budget", "protocol", "clips", "cells", "first started", "last started", "time"]
    return grid(head, lines) + "\n"


def _cells(view: View, results: Results) -> str:
    """A line for each cell of a view, and the commands that made them."""
    lines: list[list[str]] = []
    commands: dict[str, None] = {}
    for row, folder in _folders(view, results):
        past = sessions.past(folder)
        commands |= dict.fromkeys(past.commands)
        lines.append(
            [row, folder.path.name, _status(past), past.last, sessions.duration(past.seconds), ", ".join(past.versions)]
        )
    if not lines:
        return ""
    table = grid(["row", "cell", "status", "last started", "time", "hsbench"], lines)
    said = "".join(f"\n- `{command}`" for command in commands)
    return f"Cells:\n\n{table}\n" + (f"\nMade by:\n{said}\n" if said else "")


def _status(past: Past) -> str:
    return f"{past.status}: {past.message}" if past.message else past.status


def _folders(view: View, results: Results) -> list[tuple[str, CellFolder]]:
    """(row's name, folder) of each cell of a view."""
    return [(row.name, results.folder(cell)) for row, cell in view.cells()]
