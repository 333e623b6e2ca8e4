"""`hsbench bless`: say that results are right, and measure how much they move by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hsbench.cli import options

if TYPE_CHECKING:
    from hsbench.analysis.blessed import Baseline, Sound
    from hsbench.analysis.noise import Scores
    from hsbench.analysis.snapshot import Snapshot
    from hsbench.run.reruns import Rerun
    from hsbench.run.store import Results


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
    from hsbench.analysis.snapshot import snapshot
    from hsbench.cli import asking
    from hsbench.errors import UsageError
    from hsbench.run import blessing
    from hsbench.run.store import Results

    if not reason.strip():
        raise UsageError('bless expects --reason "..." that says why these numbers are right, got none; give one.')
    if reruns < 2:
        raise UsageError(f"--reruns expects a number from 2, since noise is a spread; got {reruns}.")
    root = blessing.checkout()
    asking.import_files(imports)
    store = Results(results)
    group = _group(store, experiment, {"corpus": corpus, "budget": budget, "protocol": protocol})
    request = store.view(experiment)["groups"][group]
    blessing.require_complete(store, request)
    place, now = baselines or root / "baselines", snapshot(store, experiment, group)
    _show_change(place, now)
    again = _again(store, request, now, reruns)
    made = _made(now, again, reason.strip(), _keep_sounds(store, request, place))
    _write(place, made)


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
    from hsbench.analysis import blessed, drift
    from hsbench.report.drift import markdown

    old = blessed.read(place, now.experiment)
    if old is None:
        print(f"{now.experiment} has no baseline below {place} yet.")
        return
    print(f"The baseline of {old.blessed['time']} ({old.blessed['reason']}) and what replaces it:\n")
    print(markdown(now.experiment, drift.judge(old.snapshot, now, old.floors), []), flush=True)


def _again(store: Results, request: dict[str, Any], now: Snapshot, count: int) -> dict[Rerun, Scores]:
    """The scores of every rerun."""
    from hsbench.analysis.snapshot import scores_of
    from hsbench.cli import progress
    from hsbench.run import reruns

    seeds = max(len(row["cells"]) for row in request["rows"])
    found: dict[Rerun, Scores] = {}
    for number, rerun in enumerate(reruns.chosen(count, seeds), start=1):
        print(f"rerun {number} of {count}: seed {rerun.seed}, threads {rerun.threads}", flush=True)
        with progress.watcher() as watcher:
            cells = reruns.make(store, request, rerun, now.device, watcher)
        found[rerun] = {
            (row, metric): scores_of([cells[row]], _clips(request, row), metric, now.metrics[metric])
            for row, metric in now.scores
        }
    return found


def _clips(request: dict[str, Any], name: str) -> list[str]:
    corpus = next(row["corpus"] for row in request["rows"] if row["row"] == name)
    clips: list[str] = request["corpora"][corpus]["clips"]
    return clips


def _keep_sounds(store: Results, request: dict[str, Any], place: Path) -> list[Sound]:
    """Keep one clip of each row as 16-bit audio, and what it scores like that."""
    import re

    from hsbench.analysis import blessed
    from hsbench.audio.io import flac_bytes, read_mono
    from hsbench.files import replace_atomically
    from hsbench.run.rescoring import Stored, kept, rescore

    made, names = [], {}
    for one in kept(store, request, 1):
        slug = re.sub(r"[^a-z0-9]+", "-", one.row.lower()).strip("-")
        files = (f"{one.clip}.flac", f"{one.clip}--{slug}.flac")
        for name, source in zip(files, (one.reference, one.estimate), strict=True):
            waveform, rate = read_mono(source)
            replace_atomically(blessed.audio(place, request["experiment"], name), flac_bytes(waveform, rate))
        original, estimate = (blessed.audio(place, request["experiment"], name) for name in files)
        made.append(Stored(one.row, one.clip, original, estimate, one.recorded))
        names[one.row] = files
    return [
        blessed.Sound(names[one.row][1], names[one.row][0], one.row, one.clip, one.metric, one.now, one.status)
        for one in rescore(made)
    ]


def _made(now: Snapshot, again: dict[Rerun, Scores], reason: str, sounds: list[Sound]) -> Baseline:
    import dataclasses

    from hsbench.analysis import noise
    from hsbench.analysis.blessed import Baseline
    from hsbench.run import provenance
    from hsbench.run.store import now as moment

    means = noise.means([now.scores, *again.values()])
    facts = {
        "time": moment(),
        "reason": reason,
        "code": provenance.code(),
        "reruns": [dataclasses.asdict(rerun) for rerun in again],
    }
    return Baseline(now, noise.floors(means), means, tuple(sounds), facts)


def _write(place: Path, made: Baseline) -> None:
    from hsbench.analysis import blessed

    written = blessed.write(place, made)
    print(f"\nwrote {written}; commit it")
