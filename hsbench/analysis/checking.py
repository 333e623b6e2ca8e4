"""All that a check says of results beside their baseline: kept and stored audio, first steps, fits, the machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.analysis import blessed, drift, opening
from hsbench.analysis.snapshot import snapshot
from hsbench.errors import IncompleteError
from hsbench.metrics.base import info
from hsbench.run.rescoring import Stored, kept, rescore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hsbench.analysis.blessed import Baseline
    from hsbench.analysis.drift import Line
    from hsbench.analysis.snapshot import Snapshot
    from hsbench.run.store import Results


def judged(store: Results, place: Path, baseline: Baseline, clips: int) -> tuple[list[Line], list[str]]:
    """Every line of a check, and what to know of the two machines.

    Args:
        store: the results.
        place: the folder of baselines.
        baseline: what was blessed.
        clips: of each row whose stored audio is scored again; 0 leaves the baseline's audio out as well.

    Raises:
        IncompleteError: the experiment was not run into these results.
    """
    experiment, group = baseline.snapshot.experiment, baseline.snapshot.group
    groups = store.view(experiment)["groups"]
    if group not in groups:
        there = f"only {', '.join(groups)}" if groups else "nothing of it"
        raise IncompleteError(
            f"{store.root} should hold {experiment} as {group} and holds {there}; run it first: "
            f"hsbench run {experiment} --results {store.root}"
        )
    now = snapshot(store, experiment, group)
    lines = audio_lines(place, baseline) if clips else []
    lines += drift.exact(rescore(kept(store, groups[group], clips)), "rescored")
    lines += opening.judge(baseline.snapshot, now)
    lines += drift.judge(baseline.snapshot, now, baseline.floors)
    return lines, circumstances(baseline.snapshot, now)


def audio_lines(place: Path, baseline: Baseline) -> list[Line]:
    """Verdicts on the audio that the baseline keeps."""
    experiment, versions = baseline.snapshot.experiment, baseline.snapshot.metrics
    recorded: dict[tuple[str, str, Path, Path], dict[str, float | None]] = {}
    for one in baseline.sounds:
        files = [blessed.audio(place, experiment, name) for name in (one.reference, one.file)]
        scores = recorded.setdefault((one.row, one.clip, files[0], files[1]), {})
        if info(one.metric).version == versions[one.metric]:
            scores[one.metric] = one.value
    pairs = [Stored(*where, scores) for where, scores in recorded.items()]
    return drift.exact(rescore(pairs), "blessed audio")


def circumstances(before: Snapshot, now: Snapshot) -> list[str]:
    """Where packages and machine differ, which explains drift and never excuses it."""
    found: list[str] = []
    for name, old in _flat(before.environment):
        new = dict(_flat(now.environment)).get(name)
        if new != old:
            found.append(f"{name} differs: {old} in the baseline, {new} now")
    return found


def _flat(environment: object) -> Sequence[tuple[str, object]]:
    assert isinstance(environment, dict)
    packages = environment.get("packages") or {}
    return [*((k, v) for k, v in environment.items() if k not in ("packages", "system")), *packages.items()]
