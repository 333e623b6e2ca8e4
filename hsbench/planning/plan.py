"""From a request to a plan: which cells to fit, which clips and scores each still lacks, and what that will cost.

Nothing here computes or writes; neither torch nor pandas is imported.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hsbench.planning import estimate
from hsbench.planning.job import Job
from hsbench.planning.resolve import Resolved
from hsbench.results import provenance
from hsbench.results.pending import PendingWork

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.corpora.base import Source
    from hsbench.planning.selection import Selection
    from hsbench.results.store import Results
    from hsbench.results.view import View, ViewRow
    from hsbench.spec import Cell, Resources, Row, Settings


@dataclass
class PlannedCell:
    """A cell with all that a request wants of it.

    Attributes:
        cell: the thing to fit.
        source: where its corpus is read from.
        rows: names "experiment/row" of the rows that show it.
        clips: ids of the wanted clips, in evaluation order.
        metrics: names of the wanted metrics.
        places: where its model finds what it reads.
        rebuilds: number of clips that have to be rebuilt.
        scores: number of scores that have to be computed.
        state: done, missing, partial, failed or stale.
        reason: why it is failed or stale, else "".
        seconds: estimated time of what is missing.
    """

    cell: Cell
    source: Source
    rows: list[str]
    clips: list[str]
    metrics: list[str]
    places: Settings = ()
    rebuilds: int = 0
    scores: int = 0
    state: str = "missing"
    reason: str = ""
    seconds: float = 0.0

    @property
    def pending(self) -> bool:
        """Whether anything is missing."""
        return bool(self.rebuilds or self.scores)

    def job(self, resources: Resources, imports: Sequence[str], command: Sequence[str]) -> Job:
        """Return what the cell's worker is told.

        Args:
            resources: device and threads.
            imports: Python files that register plug-ins.
            command: the command line that asked for it, for provenance.
        """
        return Job(
            self.cell,
            tuple(self.clips),
            tuple(self.metrics),
            resources.device,
            resources.threads,
            self.source,
            tuple(imports),
            tuple(command),
            self.places,
        )


@dataclass
class Plan:
    """All cells of a request, each once, and the view of each experiment.

    Attributes:
        cells: in the order in which rows mention them.
        views: one for each experiment, as they are kept beside the results.
        absent: "experiment/row" -> why the corpus of the row is not at hand; such a row is missing work.
        not_given: "experiment/row" -> what the user would have to add; such a row is not missing.
    """

    cells: list[PlannedCell] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)
    not_given: dict[str, str] = field(default_factory=dict)


def make(selections: Sequence[Selection], results: Results, resources: Resources) -> Plan:
    """Resolve the selections of a request against the registry and the results folder.

    Raises:
        UnknownNameError: a corpus, budget, protocol, model, metric or setting has no such name.
        UsageError: a value is out of range.
    """
    plan = Plan()
    by_key: dict[str, PlannedCell] = {}
    for selection in selections:
        resolved = Resolved(selection, resources.device)
        plan.views.append(resolved.view([_add_row(plan, by_key, resolved, row) for row in selection.rows]))
    plan.cells = list(by_key.values())
    for planned in plan.cells:
        look(planned, results, resources)
    return plan


def _add_row(plan: Plan, by_key: dict[str, PlannedCell], resolved: Resolved, row: Row) -> ViewRow:
    """Add the cells of a row, or why there are none, and return the row as the view keeps it."""
    name, corpus_name = f"{resolved.experiment.name}/{row.name}", resolved.selection.corpus_of(row)
    if (lack := resolved.not_given(row)) is not None:
        plan.not_given[name] = lack
        return resolved.view_row(row, [], lack)
    if corpus_name in resolved.absent:
        plan.absent[name] = resolved.absent[corpus_name]
        return resolved.view_row(row, [])
    corpus, places = resolved.corpora[corpus_name], resolved.places(row)
    cells = [resolved.cell(row, seed) for seed in range(resolved.request.seeds)]
    for cell in cells:
        planned = by_key.setdefault(cell.key, PlannedCell(cell, corpus.source, [], [], [], places))
        planned.rows.append(name)
        known = set(planned.clips)
        planned.clips += [clip for clip in corpus.clips if clip not in known]
        planned.metrics += [metric for metric in resolved.metrics if metric not in planned.metrics]
    return resolved.view_row(row, cells)


def look(planned: PlannedCell, results: Results, resources: Resources) -> None:
    """Compare a planned cell with its folder: note what is missing, and how long it may take."""
    folder = results.cell(planned.cell)
    pending = PendingWork(folder, planned.cell.model.name, planned.clips, planned.metrics)
    planned.rebuilds, planned.scores = len(pending.rebuilds()), pending.scores
    planned.state, planned.reason = _state(pending, folder.status(), folder.provenance())
    planned.seconds = estimate.seconds(planned.cell, pending, resources)


def _state(pending: PendingWork, status: Mapping[str, Any], made: Mapping[str, Any]) -> tuple[str, str]:
    """State of a cell, and the reason where it is failed or stale."""
    ended = status.get("status")
    if pending:
        if ended in ("failed", "timeout", "crashed", "unavailable"):
            return "failed", f"{ended}: {status.get('message', '')}"
        return ("partial" if pending.rows else "missing"), ""
    versions = {session["code"]["hsbench"] for session in made.get("sessions", [])}
    current = provenance.code()["hsbench"]
    if versions and versions != {current}:
        return "stale", f"made by hsbench {', '.join(sorted(versions))}, this is {current}"
    return "done", ""
