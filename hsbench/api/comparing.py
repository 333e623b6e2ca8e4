"""Two results folders against each other, paired per clip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.api.tables import matching
from hsbench.errors import UsageError
from hsbench.metrics.base import info
from hsbench.results.store import Results

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hsbench.analysis.comparisons import Comparison

FORMATS = ("markdown", "csv", "json")


def compare(
    a: Path,
    b: Path,
    experiments: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    corpus: str | None = None,
    budget: str | None = None,
    protocol: str | None = None,
) -> Comparison:
    """Compare two results folders: is B better than A, worse or the same?

    Args:
        a: a results folder.
        b: the results folder that is judged against it.
        experiments: names; None is all that either folder holds.
        metrics: names; None is all that either side asked for.
        corpus: only groups with this corpus.
        budget: only groups of this budget.
        protocol: only groups of this protocol.

    Raises:
        UnknownNameError: an experiment, metric or protocol has no such name.
        UsageError: a folder is no results folder.
    """
    from hsbench.analysis import comparisons

    for name in metrics or ():
        info(name)
    sides = [_opened(path) for path in (a, b)]
    there = sorted({name for results in sides for name in results.experiments()})
    for name in set(experiments or ()) - set(there):
        registry.experiment(name)
    names = [name for name in experiments or there if name in there]
    held = [[name for name in names if name in results.experiments()] for results in sides]
    left, right = (
        (results, matching(results, own, corpus, budget, protocol)) for results, own in zip(sides, held, strict=True)
    )
    return comparisons.compare(left, right, metrics)


def rendered(comparison: Comparison, output_format: str) -> str:
    """Return a comparison as text.

    Args:
        comparison: of two folders.
        output_format: one of FORMATS.
    """
    from hsbench.report.comparison import comparison_csv, comparison_json, markdown

    return {"markdown": markdown, "csv": comparison_csv, "json": comparison_json}[output_format](comparison)


def _opened(path: Path) -> Results:
    """A results folder that something was run into.

    Raises:
        UsageError: it is none.
    """
    results = Results(path)
    if not results.experiments():
        raise UsageError(
            f"compare expects two results folders that hsbench run wrote, and {path} "
            f"{'holds no views' if path.is_dir() else 'is no folder'}; check the path."
        )
    return results
