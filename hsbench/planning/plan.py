"""From a request to a plan: the cells to fit, the clips and scores missing in each, and the estimated time.

Nothing is computed or written here; neither torch nor pandas is imported.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hsbench.networks.library import Library
from hsbench.planning import projection
from hsbench.planning.estimate import Estimator
from hsbench.planning.job import Job
from hsbench.planning.resolve import Resolved
from hsbench.results import provenance
from hsbench.results.base_cell import base_of
from hsbench.results.pending import PendingWork

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.corpora.base import Source
    from hsbench.networks.card import NetworkFile
    from hsbench.planning.selection import Selection
    from hsbench.results.store import Results
    from hsbench.results.view import View, ViewRow
    from hsbench.spec import Cell, Resources, Row, Settings


@dataclass
class PlannedCell:
    """A cell, the clips and metrics that a request needs from it, and the work that is still missing.

    Attributes:
        cell: specification of the cell.
        source: data root and settings with which its corpus is opened.
        rows: names "experiment/row" of the rows that show the cell.
        clips: identifiers of the requested clips, in evaluation order.
        metrics: registered names of the requested metrics.
        places: settings of its model that hold paths; they are not in the key.
        rebuilds: number of clips that are still to be rebuilt.
        scores: number of scores that are still to be computed.
        state: "done", "missing", "partial", "failed" or "stale".
        reason: why the cell is failed or stale; else "".
        seconds: estimated duration of the missing work [s].
        train_source: data root and settings of the corpus that its model learns from; None for the scored corpus.
        network: the trained network that it adopts; None for a cell that trains, or whose training is done.
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
    train_source: Source | None = None
    network: NetworkFile | None = None

    @property
    def pending(self) -> bool:
        """Whether clips or scores are missing."""
        return bool(self.rebuilds or self.scores)

    @property
    def label(self) -> str:
        """Name of the cell for people: its first row, such as "table2b/10x", and its seed unless that is 0."""
        return self.rows[0] if self.cell.seed == 0 else f"{self.rows[0]} (seed {self.cell.seed})"

    def job(self, resources: Resources, imports: Sequence[str], command: Sequence[str]) -> Job:
        """Return the job of the cell's worker process.

        Args:
            resources: device and number of CPU threads.
            imports: absolute paths of Python files that register plug-ins.
            command: command line of the run, kept as provenance.
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
            self.train_source,
            network=None if self.network is None else str(self.network.path.resolve()),
            eager=resources.eager,
        )


@dataclass
class Plan:
    """All cells of a request, each once, and the view of each experiment.

    Attributes:
        cells: the cells, in the order in which the rows need them.
        views: one view for each experiment, as stored beside the results.
        absent: "experiment/row" -> why the corpus of the row cannot be opened; such a row makes the run incomplete.
        not_given: "experiment/row" -> the option that the user has to add to run the row; without it, the row is
            skipped and the run is still complete.
        projection: what the estimates say of themselves where they were projected from another GPU, else "".
    """

    cells: list[PlannedCell] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)
    not_given: dict[str, str] = field(default_factory=dict)
    projection: str = ""


def make(selections: Sequence[Selection], results: Results, resources: Resources) -> Plan:
    """Return the plan of a request: every cell that it needs, with the work that is missing in the results folder.

    Args:
        selections: the experiments of the request with the rows to run.
        results: the results folder.
        resources: device, threads and number of cells at a time, for the estimate.

    Raises:
        UnknownNameError: a corpus, budget, protocol, model, metric or setting has no such name.
        UsageError: a value is out of range.
    """
    plan = Plan()
    by_key: dict[str, PlannedCell] = {}
    for selection in selections:
        resolved = Resolved(selection, resources.device)
        plan.views.append(resolved.view([_add_row(plan, by_key, resolved, row) for row in resolved.rows]))
    plan.cells = list(by_key.values())
    _adopt(plan, selections, results)
    estimator = Estimator(resources)
    for planned in plan.cells:
        look(planned, results, estimator)
    _add_bases(plan, results, estimator)
    if first := next((planned for planned in plan.cells if planned.pending), None):
        first.seconds += estimator.first_start()
    if estimator.projected:
        plan.projection = projection.sentence()
    return plan


def _adopt(plan: Plan, selections: Sequence[Selection], results: Results) -> None:
    """Give each cell whose training is missing the network of the same specification, where this machine has one."""
    requests = [selection.request for selection in selections]
    if any(request.retrain for request in requests):
        return
    library = Library(list(dict.fromkeys(folder for request in requests for folder in request.networks)))
    for planned in plan.cells:
        trained = base_of(planned.cell) or planned.cell
        if not any(results.cell(trained).kept.glob("*")):  # neither a network nor the checkpoint of a training
            planned.network = library.of_cell(trained)


def _add_row(plan: Plan, by_key: dict[str, PlannedCell], resolved: Resolved, row: Row) -> ViewRow:
    """Add the cells of a row to the plan, or the reason why it has none; return the row as the view stores it."""
    name, corpus_name = f"{resolved.experiment.name}/{row.name}", resolved.selection.corpus_of(row)
    if (missing_option := resolved.not_given(row)) is not None:
        plan.not_given[name] = missing_option
        return resolved.view_row(row, [], missing_option)
    if corpus_name in resolved.absent:
        plan.absent[name] = resolved.absent[corpus_name]
        return resolved.view_row(row, [])
    corpus, places, training = resolved.corpora[corpus_name], resolved.places(row), resolved.train_corpus_of(row)
    train_source = None if training is None else training.source
    cells = [resolved.cell(row, seed) for seed in range(resolved.request.seeds)]
    for cell in cells:
        new = PlannedCell(cell, corpus.source, [], [], [], places, train_source=train_source)
        planned = by_key.setdefault(cell.key, new)
        planned.rows.append(name)
        known = set(planned.clips)
        planned.clips += [clip for clip in corpus.clips_of(row.split) if clip not in known]
        planned.metrics += [metric for metric in resolved.metrics if metric not in planned.metrics]
    return resolved.view_row(row, cells)


def _add_bases(plan: Plan, results: Results, estimator: Estimator) -> None:
    """Add the time of fitting each base that no cell of the plan fits to the first cell that decodes it."""
    fitted = {planned.cell.key for planned in plan.cells}
    for planned in plan.cells:
        base = base_of(planned.cell)
        if planned.rebuilds and base is not None and base.key not in fitted:
            fitted.add(base.key)
            pending = PendingWork(results.cell(base), base.model.name, planned.clips, (), weights_needed=True)
            planned.seconds += estimator.rebuilding(base, pending)


def look(planned: PlannedCell, results: Results, estimator: Estimator) -> None:
    """Set what is missing of a planned cell, its state and its estimated time, from what its folder holds.

    Args:
        planned: the cell, changed in place.
        results: the results folder.
        estimator: estimates the time.
    """
    folder = results.cell(planned.cell)
    pending = PendingWork(folder, planned.cell.model.name, planned.clips, planned.metrics)
    planned.rebuilds, planned.scores = len(pending.rebuilds()), pending.scores
    planned.state, planned.reason = _state(pending, folder.status(), folder.provenance())
    planned.seconds = estimator.seconds(planned.cell, pending, adopted=planned.network is not None)


def _state(pending: PendingWork, status: Mapping[str, Any], provenance_file: Mapping[str, Any]) -> tuple[str, str]:
    """Return the state of a cell, and the reason where the cell is failed or stale."""
    ended = status.get("status")
    if pending:
        if ended in ("failed", "timeout", "crashed", "unavailable"):
            return "failed", f"{ended}: {status.get('message', '')}"
        return ("partial" if pending.rows else "missing"), ""
    versions = {session["code"]["hsbench"] for session in provenance_file.get("sessions", [])}
    current = provenance.code()["hsbench"]
    if versions and versions != {current}:
        return "stale", f"computed by hsbench {', '.join(sorted(versions))}, this is hsbench {current}"
    return "done", ""
