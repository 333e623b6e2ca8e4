"""Free disk space in a results folder: find what the rules would remove, and remove it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.errors import UnknownNameError, UsageError
from hsbench.results import cleaning
from hsbench.results.cleaning import Wish
from hsbench.results.store import Results

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hsbench.results.cleaning import Survey as Survey

RULES = cleaning.RULES


def survey(
    folder: Path,
    rules: Sequence[str],
    experiments: Sequence[str] | None = None,
    model: str | None = None,
    corpus: str | None = None,
    older_than: float | None = None,
) -> Survey:
    """Return what the rules would remove; nothing is changed on disk.

    Args:
        folder: the results folder.
        rules: names of rules, keys of RULES.
        experiments: only cells that belong to one of these experiments; None for all cells.
        model: only cells of this model; None for any model.
        corpus: only cells of this corpus; None for any corpus.
        older_than: only cells whose last record is older than this number of days; None for any age.

    Raises:
        UnknownNameError: the results hold no experiment, model or corpus of that name.
        UsageError: the age is not positive.
    """
    if older_than is not None and not older_than > 0:
        raise UsageError(f"--older-than expects days above 0, got {older_than:g}; give a positive number.")
    results = Results(folder)
    cell_names = [*results.cells(), *(cell.path.name for cell in results.superseded())]
    for what, part, wanted in (("model", 0, model), ("corpus", 1, corpus)):  # a cell is named model--corpus--...
        known = {name.split("--")[part] for name in cell_names if "--" in name}
        if wanted is not None and wanted not in known:
            raise UnknownNameError(f"{what} in {results.root}", wanted, known)
    names = None if not experiments else _cells_of(results, experiments)
    seconds = None if older_than is None else older_than * 86400
    return cleaning.survey(results, rules, Wish(names, model, corpus, seconds))


def remove(planned: Survey) -> tuple[int, list[str]]:
    """Remove what a survey listed.

    Args:
        planned: result of `survey`.

    Returns:
        Number of bytes freed, and the names of cells that were skipped because a process works on them.
    """
    freed, busy = 0, []
    for removal in planned.removals:
        if cleaning.remove(removal):
            freed += removal.size
        else:
            busy.append(removal.folder.path.name)
    return freed, busy


def _cells_of(results: Results, experiments: Sequence[str]) -> set[str]:
    """Return the folder names of all cells that belong to some experiments.

    Raises:
        UnknownNameError: an experiment was not run into these results.
    """
    names: set[str] = set()
    for experiment in experiments:
        if experiment not in results.experiments():
            raise UnknownNameError(f"experiment in {results.root}", experiment, results.experiments())
        names |= {cell for view in results.views(experiment).values() for _, cell in view.cells()}
    return names
