"""From a request to cells: which things to fit, which clips and metrics each still lacks, and what that will cost.

Nothing here computes or writes; neither torch nor pandas is imported.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hsbench import registry
from hsbench.metrics.base import info
from hsbench.planning.job import Job
from hsbench.planning.resolve import Request, Resolved, check
from hsbench.results import provenance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.corpora.base import Source
    from hsbench.results.store import Results
    from hsbench.spec import Cell, Experiment, Resources, Row, Settings

SPEED = {"cpu": 4e10, "cuda": 1e13}
"""Operations per second of one CPU thread and of one GPU, for estimates; a cell with a past is estimated from that."""


@dataclass
class Work:
    """A cell with all that the request wants of it.

    Attributes:
        cell: the thing to fit.
        source: where its corpus is read from.
        rows: "experiment/row" names that show it.
        clips: wanted ids, in evaluation order.
        metrics: wanted names.
        places: where its model finds what it reads.
        unbuilt: clips without a reconstruction.
        unscored: clip-metric pairs without a score.
        state: done, missing, partial, failed or stale.
        reason: behind failed and stale.
        seconds: estimated.
    """

    cell: Cell
    source: Source
    rows: list[str]
    clips: list[str]
    metrics: list[str]
    places: Settings = ()
    unbuilt: int = 0
    unscored: int = 0
    state: str = "missing"
    reason: str = ""
    seconds: float = 0.0

    def job(self, resources: Resources, imports: Sequence[str], command: Sequence[str]) -> Job:
        """What the cell's process is told."""
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
    """All work of a request, each cell once, and the view of each experiment.

    Attributes:
        works: in the order in which rows mention them.
        views: (experiment, group) -> the resolved request, as it is kept beside the results.
        absent: "experiment/row" -> why the corpus of the row is not at hand; such a row is missing work.
        not_given: "experiment/row" -> what the user would have to add; such a row is not missing.
    """

    works: list[Work] = field(default_factory=list)
    views: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    not_given: dict[str, str] = field(default_factory=dict)


def make(request: Request, results: Results, resources: Resources) -> Plan:
    """Resolve a request against the registry and the results folder.

    Raises:
        UnknownNameError: an experiment, corpus, budget, protocol, model, metric or setting has no such name.
        UsageError: a value is out of range, or nothing is left after filtering.
    """
    check(request)
    plan = Plan()
    found: dict[str, Work] = {}
    for name in request.experiments:
        experiment: Experiment = registry.get("experiments", name).load()()
        resolved = Resolved(experiment, request, resources.device)
        rows = [_add(plan, found, resolved, row) for row in resolved.rows]
        plan.views[name, resolved.group] = resolved.view(rows)
    plan.works = list(found.values())
    for work in plan.works:
        look(work, results, resources)
    return plan


def _add(plan: Plan, found: dict[str, Work], resolved: Resolved, row: Row) -> dict[str, Any]:
    """Add the work of a row, or why there is none, and give the row's view."""
    name, corpus = f"{resolved.experiment.name}/{row.name}", resolved.corpus(row)
    if (lack := resolved.not_given(row)) is not None:
        plan.not_given[name] = lack
        return resolved.row_view(row, [], lack)
    if corpus in resolved.absent:
        plan.absent[name] = resolved.absent[corpus]
        return resolved.row_view(row, [])
    ground, places = resolved.grounds[corpus], resolved.places(row)
    cells = [resolved.cell(row, seed) for seed in range(resolved.request.seeds)]
    for cell in cells:
        work = found.setdefault(cell.key, Work(cell, ground.source, [], [], [], places))
        work.rows.append(name)
        known = set(work.clips)
        work.clips += [clip for clip in ground.clips if clip not in known]
        work.metrics += [metric for metric in resolved.metrics if metric not in work.metrics]
    return resolved.row_view(row, cells)


def look(work: Work, results: Results, resources: Resources) -> None:
    """Compare with the folder: what is missing, and how long it may take."""
    folder = results.cell(work.cell)
    rows, scored = folder.reconstructions(), folder.scored()
    versions = {name: info(name).version for name in work.metrics}
    unbuilt = [clip for clip in work.clips if clip not in rows]
    unscored = [(c, m) for c in work.clips for m, v in versions.items() if (c, m, v) not in scored]
    gone = [clip for clip in {c for c, _ in unscored} & set(rows) if not folder.audio(clip).exists()]
    work.unbuilt, work.unscored = len(unbuilt) + len(gone), len(unscored)
    work.state, work.reason = _state(work, folder.status(), folder.provenance(), any_row=bool(rows))
    if work.unbuilt or work.unscored:
        shared, each = _seconds(work.cell, resources)
        if past := [row["seconds"] for row in rows.values()]:
            each = sum(past) / len(past)
        trained = folder.fit() and any(folder.kept.glob("*"))
        work.seconds = 4 + (0 if trained else shared) + work.unbuilt * each + 0.02 * work.unscored


def _state(work: Work, status: Mapping[str, Any], made: Mapping[str, Any], *, any_row: bool) -> tuple[str, str]:
    ended = status.get("status")
    if work.unbuilt or work.unscored:
        if ended in ("failed", "timeout", "crashed", "unavailable"):
            return "failed", f"{ended}: {status.get('message', '')}"
        return ("partial" if any_row else "missing"), ""
    versions = {session["code"]["hsbench"] for session in made.get("sessions", [])}
    current = provenance.code()["hsbench"]
    if versions and versions != {current}:
        return "stale", f"made by hsbench {', '.join(sorted(versions))}, this is {current}"
    return "done", ""


def _seconds(cell: Cell, resources: Resources) -> tuple[float, float]:
    """Estimates for what all clips share, and for each clip."""
    descriptor = registry.get("models", cell.model.name)
    if descriptor.operations is None:
        return 0.0, 0.0
    count = registry.load_target(descriptor.operations)
    shared, each = count(dict(cell.model.settings), dict(cell.budget.settings), cell.corpus["samples"])
    speed = SPEED["cuda"] if resources.device == "cuda" else SPEED["cpu"] * resources.threads
    return shared / speed, each / speed
