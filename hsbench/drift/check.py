"""All that a check says of results beside their baseline: kept and stored audio, first steps, fits, the machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.drift import first_steps, verdicts
from hsbench.drift.baseline import kept_audio
from hsbench.drift.rescoring import Stored, kept, rescore
from hsbench.drift.snapshot import snapshot
from hsbench.errors import IncompleteError
from hsbench.metrics.base import info

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hsbench.drift.baseline import Baseline
    from hsbench.drift.snapshot import Snapshot
    from hsbench.drift.verdicts import Line
    from hsbench.results.store import Results


def judged(results: Results, place: Path, baseline: Baseline, clips: int) -> tuple[list[Line], list[str]]:
    """Return every line of a check, and what to know of the two machines.

    Args:
        results: the results folder.
        place: the folder of baselines.
        baseline: what was blessed.
        clips: number of clips of each row whose stored audio is scored again; 0 leaves the baseline's audio out too.

    Raises:
        IncompleteError: the experiment was not run into these results.
    """
    experiment, group = baseline.snapshot.experiment, baseline.snapshot.group
    views = results.views(experiment)
    if group not in views:
        there = f"only {', '.join(views)}" if views else "nothing of it"
        raise IncompleteError(
            f"{results.root} should hold {experiment} as {group} and holds {there}; run it first: "
            f"hsbench run {experiment} --results {results.root}"
        )
    now = snapshot(results, views[group])
    lines = audio_lines(place, baseline) if clips else []
    lines += verdicts.exact(rescore(kept(results, views[group], clips)), "rescored")
    lines += first_steps.judge(baseline.snapshot, now)
    lines += verdicts.judge(baseline.snapshot, now, baseline.floors)
    return lines, circumstances(baseline.snapshot, now)


def audio_lines(place: Path, baseline: Baseline) -> list[Line]:
    """Verdicts on the audio that the baseline keeps."""
    experiment, versions = baseline.snapshot.experiment, baseline.snapshot.metrics
    recorded: dict[tuple[str, str, Path, Path], dict[str, float | None]] = {}
    for one in baseline.sounds:
        files = [kept_audio(place, experiment, name) for name in (one.reference, one.file)]
        scores = recorded.setdefault((one.row, one.clip, files[0], files[1]), {})
        if info(one.metric).version == versions[one.metric]:
            scores[one.metric] = one.value
    pairs = [Stored(*where, scores) for where, scores in recorded.items()]
    return verdicts.exact(rescore(pairs), "blessed audio")


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
