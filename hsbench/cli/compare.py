"""`hsbench compare`: two results folders, paired per clip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hsbench.cli import options

if TYPE_CHECKING:
    from hsbench.results.store import Results

FORMATS = ("markdown", "csv", "json")


def compare(
    a: Annotated[Path, typer.Argument(help="A results folder.", metavar="A")],
    b: Annotated[Path, typer.Argument(help="The results folder that is judged against it.", metavar="B")],
    experiments: Annotated[
        list[str] | None,
        typer.Argument(help="Experiments by name; all that either holds by default.", metavar="[EXPERIMENT]..."),
    ] = None,
    metrics: Annotated[
        list[str] | None, typer.Option("--metric", help="Only this metric. Repeatable.", metavar="NAME")
    ] = None,
    output_format: Annotated[str, typer.Option("--format", help="markdown, csv or json.")] = "markdown",
    corpus: options.Corpus = None,
    budget: options.BudgetName = None,
    protocol: options.Protocol = None,
    imports: options.Import = None,
) -> None:
    """Compare two results folders, paired per clip: is B better, worse or the same?"""
    from hsbench import protocols, registry
    from hsbench.cli import asking
    from hsbench.errors import IncompleteError, UnknownNameError
    from hsbench.metrics.base import info

    if output_format not in FORMATS:
        raise UnknownNameError("format", output_format, FORMATS)
    asking.import_files(imports)
    for name in metrics or ():
        info(name)
    wanted = {"corpus": corpus, "budget": budget, "protocol": protocols.name(protocol) if protocol else None}
    stores = [_opened(path) for path in (a, b)]
    there = sorted({name for store in stores for name in store.views()})
    for name in set(experiments or ()) - set(there):
        registry.get("experiments", name)
    names = [name for name in experiments or there if name in there]
    held = [[name for name in names if name in store.views()] for store in stores]
    left, right = ((store, asking.groups(store, own, wanted)) for store, own in zip(stores, held, strict=True))
    from hsbench.analysis.comparisons import compare as compared
    from hsbench.report import comparison

    made = compared(left, right, metrics)
    render = {"csv": comparison.comparison_csv, "json": comparison.comparison_json}
    if made.lines or made.alone:
        print(render.get(output_format, comparison.markdown)(made), end="")
    if not made.compared:
        raise IncompleteError(
            f"expected scores of the same rows and clips in {a} and {b}, found none to compare; run the same "
            "experiment with the same corpus, budget and protocol into both."
        )


def _opened(path: Path) -> Results:
    """A results folder that something was run into.

    Raises:
        UsageError: it is none.
    """
    from hsbench.errors import UsageError
    from hsbench.results.store import Results

    store = Results(path)
    if not store.views():
        raise UsageError(
            f"compare expects two results folders that hsbench run wrote, and {path} "
            f"{'holds no views' if path.is_dir() else 'is no folder'}; check the path."
        )
    return store
