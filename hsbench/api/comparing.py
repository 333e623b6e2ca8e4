"""Compare two results folders: differences of the scores, paired by clip."""

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

    from rich.console import RenderableType

    from hsbench.analysis.comparisons import Comparison

FORMATS = ("text", "markdown", "csv", "json")


def compare(
    a: Path,
    b: Path,
    experiments: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    corpus: str | None = None,
    budget: str | None = None,
    protocol: str | None = None,
) -> Comparison:
    """Compare two results folders, for each row and metric: is B better than A, worse, or the same?

    Args:
        a: results folder A, the reference of the comparison.
        b: results folder B.
        experiments: names of experiments; None for all that either folder holds.
        metrics: names of metrics; None for all that were requested in either folder.
        corpus: only results on this corpus; None for any corpus.
        budget: only results with this budget; None for any budget.
        protocol: only results with this protocol; None for any protocol.

    Raises:
        UnknownNameError: there is no such experiment, metric or protocol.
        UsageError: a path is not a results folder.
    """
    from hsbench.analysis import comparisons

    for name in metrics or ():
        info(name)
    sides = [_opened(path) for path in (a, b)]
    available = sorted({name for results in sides for name in results.experiments()})
    for name in set(experiments or ()) - set(available):
        registry.experiment(name)  # raises for a name that does not exist; others were not run and are skipped
    wanted = [name for name in experiments or available if name in available]
    shared = [[name for name in wanted if name in results.experiments()] for results in sides]
    left, right = (
        (results, matching(results, names, corpus, budget, protocol))
        for results, names in zip(sides, shared, strict=True)
    )
    return comparisons.compare(left, right, metrics)


def require_possible(
    a: Path,
    b: Path,
    experiments: Sequence[str] | None = None,
    corpus: str | None = None,
    budget: str | None = None,
    protocol: str | None = None,
) -> None:
    """Raise if something in one of two results folders is not possible and was left out; arguments as for `compare`.

    Raises:
        IncompleteError: the message names what was left out.
    """
    for results in map(Results, (a, b)):
        names = [name for name in results.experiments() if not experiments or name in experiments]
        results.require_possible(matching(results, names, corpus, budget, protocol))


def rendered(comparison: Comparison, output_format: str) -> str:
    """Return a comparison as text.

    Args:
        comparison: result of `compare`.
        output_format: one of FORMATS but "text", for which `drawn` is there.
    """
    from hsbench.report.comparison import comparison_csv, comparison_json, markdown

    return {"markdown": markdown, "csv": comparison_csv, "json": comparison_json}[output_format](comparison)


def drawn(comparison: Comparison, width: int | None) -> RenderableType:
    """Return a comparison for a terminal, to be printed by a console of rich.

    Args:
        comparison: result of `compare`.
        width: columns of the terminal; None shows everything, however wide.
    """
    from hsbench.report.comparison import terminal

    return terminal(comparison, width)


def _opened(path: Path) -> Results:
    """Open a results folder and check that it holds results.

    Raises:
        UsageError: the path is not a results folder, or nothing was run into it.
    """
    results = Results(path)
    if not results.experiments():
        raise UsageError(
            f"compare expects two results folders that hsbench run wrote, and {path} "
            f"{'holds no views' if path.is_dir() else 'is no folder'}; check the path."
        )
    return results
