"""The README of a results folder: what was run, when, with which budget and outcome, and every table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.errors import HsbenchError
from hsbench.report import markdown as render
from hsbench.report import sessions
from hsbench.report.table import build

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from hsbench.report.sessions import Past
    from hsbench.report.table import Table
    from hsbench.results.store import CellFolder, Results

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
    """The whole page, of every group in the folder. The same results give the same text.

    An experiment that cannot be shown, such as one of a plug-in that is not imported now, is named with the reason:
    the page is written after a run of any other one.
    """
    tables, lost = [], []
    for name in results.views():
        try:
            made = [build(request, results, baselines) for request in results.view(name)["groups"].values()]
        except HsbenchError as error:
            lost.append(f"- {name} cannot be shown: {error}\n")
        else:
            tables += made
    parts = [HEAD, _summary(tables, results), *lost]
    for table in tables:
        parts.append(render.markdown([table], foot=False))
        parts.append(_cells(table.request, results))
    return "\n".join([*parts, render.FOOT])


def _summary(tables: list[Table], results: Results) -> str:
    """A line for each group."""
    lines = []
    for table in tables:
        request = table.request
        past = [sessions.past(folder) for _, folder in _folders(request, results)]
        starts, lasts = [one.started for one in past if one.started], [one.last for one in past if one.last]
        lines.append(
            [
                request["experiment"],
                " + ".join(dict.fromkeys(row["corpus"] for row in request["rows"])),
                request["budget"],
                request["protocol"],
                str(max((len(ground["clips"]) for ground in request["corpora"].values()), default=0)),
                sessions.statuses(past) or "no cells",
                min(starts, default=""),
                max(lasts, default=""),
                sessions.duration(sum(one.seconds for one in past)),
            ]
        )
    head = ["experiment", "corpus", "budget", "protocol", "clips", "cells", "first started", "last started", "time"]
    return render.grid(head, lines) + "\n"


def _cells(request: Mapping[str, Any], results: Results) -> str:
    """A line for each cell of a group, and the commands that made them."""
    lines: list[list[str]] = []
    commands: dict[str, None] = {}
    for row, folder in _folders(request, results):
        past = sessions.past(folder)
        commands |= dict.fromkeys(past.commands)
        lines.append(
            [row, folder.path.name, _status(past), past.last, sessions.duration(past.seconds), ", ".join(past.versions)]
        )
    if not lines:
        return ""
    table = render.grid(["row", "cell", "status", "last started", "time", "hsbench"], lines)
    said = "".join(f"\n- `{command}`" for command in commands)
    return f"Cells:\n\n{table}\n" + (f"\nMade by:\n{said}\n" if said else "")


def _status(past: Past) -> str:
    return f"{past.status}: {past.message}" if past.message else past.status


def _folders(request: Mapping[str, Any], results: Results) -> list[tuple[str, CellFolder]]:
    """(row, cell) of a group."""
    return [(row["row"], results.folder(name)) for row in request["rows"] for name in row["cells"]]
