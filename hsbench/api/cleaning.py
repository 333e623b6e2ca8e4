"""Making room in a results folder, by rule."""

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
    """Return what the rules would remove; nothing is written.

    Args:
        folder: the results folder.
        rules: names of RULES.
        experiments: only cells of these experiments; None is all cells.
        model: only cells of this model.
        corpus: only cells of this corpus.
        older_than: only cells without a new record for so many days.

    Raises:
        UnknownNameError: nothing of that name is in the results.
        UsageError: the age is not positive.
    """
    if older_than is not None and not older_than > 0:
        raise UsageError(f"--older-than expects days above 0, got {older_than:g}.")
    results = Results(folder)
    there = [*results.cells(), *(cell.path.name for cell in results.superseded())]
    for what, part, wanted in (("model", 0, model), ("corpus", 1, corpus)):
        known = {name.split("--")[part] for name in there if "--" in name}
        if wanted is not None and wanted not in known:
            raise UnknownNameError(f"{what} in {results.root}", wanted, known)
    names = None if not experiments else _cells_of(results, experiments)
    seconds = None if older_than is None else older_than * 86400
    return cleaning.survey(results, rules, Wish(names, model, corpus, seconds))


def remove(found: Survey) -> tuple[int, list[str]]:
    """Remove what a survey found.

    Returns:
        Bytes freed, and the names of cells that a process has taken since and that are left alone.
    """
    freed, taken = 0, []
    for removal in found.removals:
        if cleaning.remove(removal):
            freed += removal.size
        else:
            taken.append(removal.folder.path.name)
    return freed, taken


def _cells_of(results: Results, experiments: Sequence[str]) -> set[str]:
    """Folder names of the cells of some experiments."""
    names: set[str] = set()
    for experiment in experiments:
        if experiment not in results.experiments():
            raise UnknownNameError(f"experiment in {results.root}", experiment, results.experiments())
        names |= {cell for view in results.views(experiment).values() for _, cell in view.cells()}
    return names
