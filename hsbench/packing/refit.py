"""Fit some clips of packed results again, and compare their scores with the recorded ones.

Only rows whose model learns nothing from a training split are fitted again: a clip of theirs takes seconds or minutes,
and a training takes hours. On one processor such a fit is the same bit by bit. Another processor adds in another order,
and hundreds of training steps amplify the last bits; how far that moves the scores of a clip was measured (see
hsbench.analysis.equivalent_fits). A recorded score may differ by twice the largest movement of a clip that was
measured, since four clips do not show the largest movement of all. Where nothing was measured, as for controls, the
metric's own tolerance counts.
"""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hsbench import registry
from hsbench.analysis import equivalent_fits
from hsbench.corpora.reopening import shipped
from hsbench.errors import HsbenchError
from hsbench.execution.task import Task
from hsbench.execution.work import complete
from hsbench.metrics.base import info, split_rate
from hsbench.packing.findings import OK, REFITS, UNCHECKED, WRONG, Finding
from hsbench.planning.job import Job
from hsbench.report.text import counted
from hsbench.results.store import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from hsbench.results.view import View, ViewRow
    from hsbench.spec import Cell

MARGIN = 2.0
"""Largest accepted difference, in units of the largest movement that was measured."""


class Choice(NamedTuple):
    """A clip that is fitted again."""

    view: View
    row: ViewRow
    cell: Cell
    clip: str


def refits(
    results: Results, views: Sequence[View], fingerprints: Collection[str], count: int, progress: Callable[[str], None]
) -> Finding:
    """Fit clips again that nobody could foresee, and compare their scores.

    Args:
        results: the unpacked results folder.
        views: its views.
        fingerprints: corpora that this machine can open in the same form.
        count: number of clips.
        progress: takes a line of text before each fit.
    """
    choices = [choice for view in views for choice in _choices(results, view, fingerprints)]
    if not choices:
        return Finding(
            REFITS, UNCHECKED, "no row can be fitted again here: rows that learn from a training split are not"
        )
    chosen = random.SystemRandom().sample(choices, min(count, len(choices)))
    problems = []
    for choice in chosen:
        progress(f"{choice.view.experiment}, row {choice.row.name}: fitting clip {choice.clip} again")
        problems += _differences(results, choice)
    if problems:
        return Finding(REFITS, WRONG, "; ".join(problems))
    return Finding(REFITS, OK, f"{counted(len(chosen), 'clip')} of {len(choices)}")


def _choices(results: Results, view: View, fingerprints: Collection[str]) -> list[Choice]:
    """Return the clips of a view that can be fitted again."""
    choices = []
    for row in view.rows:
        corpus = view.corpus(row)
        for name in row.cells[:1]:
            try:
                cell = results.folder(name).spec()
                descriptor = registry.model(cell.model.name)
                learns = descriptor.learns(dict(cell.model.settings))
                again = not (learns or descriptor.places or descriptor.missing())
                same_code = descriptor.version == cell.model.version
            except HsbenchError:
                continue
            if again and same_code and corpus.fingerprint in fingerprints:
                choices += [Choice(view, row, cell, clip) for clip in corpus.clips]
    return choices


def _differences(results: Results, choice: Choice) -> list[str]:
    """Fit one clip again; return a sentence for each score that differs too much."""
    view, row, cell, clip = choice
    recorded = results.folder(row.cells[0]).scores()
    names = tuple(name for name in view.metrics if split_rate(name)[1] is None)
    measured = equivalent_fits.measured({cell.model.name: cell.model.version}, cell.budget.name)
    with tempfile.TemporaryDirectory() as folder:
        again = Results(Path(folder))
        job = Job(cell, (clip,), names, "cpu", 1, source=shipped(cell.corpus.name), command=("hsbench", "verify"))
        complete(Task.open(job, again.cell(cell), again, lambda _stage, _done, _total: None))
        now = again.cell(cell).scores()
    problems = []
    for name in names:
        key = clip, name, info(name).version
        if key not in recorded or key not in now:
            continue
        before, after = recorded[key]["value"], now[key]["value"]
        allowed = info(name).tolerance
        if measured is not None and name in measured.spread:
            allowed = max(allowed, MARGIN * measured.spread[name].clip_max)
        if (before is None) != (after is None) or (before is not None and abs(before - after) > allowed):
            problems.append(
                f"{view.experiment}, row {row.name}, clip {clip}, {name}: recorded {before}, fitted again {after}, "
                f"allowed difference {allowed:.3g}"
            )
    return problems
