"""`hsbench bless`: say that results are right, and measure how much they move by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hsbench.cli import options

if TYPE_CHECKING:
    from hsbench.drift.noise import Scores
    from hsbench.drift.reruns import Rerun
    from hsbench.drift.snapshot import Snapshot
    from hsbench.results.store import Results


def bless(
    experiment: Annotated[str, typer.Argument(help="An experiment that was run completely.")],
    reason: Annotated[str, typer.Option(help="Why these numbers are right; kept with them.")] = "",
    reruns: Annotated[int, typer.Option(help="Reruns (other seeds, one and two threads) behind the noise floor.")] = 7,
    corpus: options.Corpus = None,
    budget: options.BudgetName = None,
    protocol: options.Protocol = None,
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
    baselines: Annotated[Path | None, typer.Option(help="Folder to write below. Default: the checkout's own.")] = None,
) -> None:
    """Write a baseline of an experiment for `hsbench check`, after showing what changes."""
    from hsbench.cli import asking
    from hsbench.drift import baseline
    from hsbench.drift import bless as blessing
    from hsbench.drift.prerequisites import checkout, require_complete
    from hsbench.drift.snapshot import snapshot
    from hsbench.errors import UsageError
    from hsbench.results.store import Results

    if not reason.strip():
        raise UsageError('bless expects --reason "..." that says why these numbers are right, got none; give one.')
    if reruns < 2:
        raise UsageError(f"--reruns expects a number from 2, since noise is a spread; got {reruns}.")
    root = checkout()
    asking.import_files(imports)
    store = Results(results)
    group = _group(store, experiment, {"corpus": corpus, "budget": budget, "protocol": protocol})
    request = store.view(experiment)["groups"][group]
    require_complete(store, request)
    place, now = baselines or root / "baselines", snapshot(store, experiment, group)
    _show_change(place, now)
    again = _again(store, request, now, reruns)
    made = blessing.made_of(now, again, blessing.keep_sounds(store, request, place), reason.strip())
    print(f"\nwrote {baseline.write(place, made)}; commit it")


def _group(store: Results, experiment: str, wanted: dict[str, str | None]) -> str:
    """The one group of the results that is meant.

    Raises:
        IncompleteError: there is none.
        UsageError: there are several.
    """
    from hsbench import protocols
    from hsbench.cli import asking
    from hsbench.errors import IncompleteError, UsageError

    wanted["protocol"] = protocols.name(wanted["protocol"]) if wanted["protocol"] else None
    found = [group for _, group in asking.groups(store, [experiment], wanted)]
    if not found:
        raise IncompleteError(f"{store.root} holds nothing of {experiment} to bless; run it first.")
    if len(found) > 1:
        raise UsageError(f"{store.root} holds {', '.join(found)}; choose with --corpus, --budget and --protocol.")
    return found[0]


def _show_change(place: Path, now: Snapshot) -> None:
    """Print old -> new."""
    from hsbench.drift import baseline, verdicts
    from hsbench.report.drift import markdown

    old = baseline.read(place, now.experiment)
    if old is None:
        print(f"{now.experiment} has no baseline below {place} yet.")
        return
    print(f"The baseline of {old.blessed['time']} ({old.blessed['reason']}) and what replaces it:\n")
    print(markdown(now.experiment, verdicts.judge(old.snapshot, now, old.floors), []), flush=True)


def _again(store: Results, request: dict[str, Any], now: Snapshot, count: int) -> dict[Rerun, Scores]:
    """The scores of every rerun, made while the user watches."""
    from hsbench.cli import progress
    from hsbench.drift import bless as blessing

    found: dict[Rerun, Scores] = {}
    for number, rerun in enumerate(blessing.chosen(request, count), start=1):
        print(f"rerun {number} of {count}: seed {rerun.seed}, threads {rerun.threads}", flush=True)
        with progress.watcher() as watcher:
            found[rerun] = blessing.again(store, request, now, rerun, watcher)
    return found
