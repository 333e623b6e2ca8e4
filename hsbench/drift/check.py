"""Compare results with their blessed baseline: audio, losses of the first steps, scores, packages and machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.drift import first_steps, verdicts
from hsbench.drift.baseline import kept_audio
from hsbench.drift.rescoring import StoredPair, rescore, stored_pairs
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
    """Return the lines of a check with their verdicts, and a sentence for each difference of settings or machine.

    Args:
        results: the results folder to judge.
        place: folder of the baselines.
        baseline: the blessed baseline.
        clips: number of clips of each row whose stored audio is scored again; with 0, the audio that the baseline keeps
            is not scored either.

    Raises:
        IncompleteError: the results folder holds no results of the experiment.
    """
    experiment, group = baseline.snapshot.experiment, baseline.snapshot.group
    views = results.views(experiment)
    if group not in views:
        present = f"only {', '.join(views)}" if views else "nothing of it"
        raise IncompleteError(
            f"{results.root} should hold {experiment} as {group} and holds {present}; run it first: "
            f"hsbench run {experiment} --results {results.root}"
        )
    now = snapshot(results, views[group])
    lines = audio_lines(place, baseline) if clips else []
    lines += verdicts.exact(rescore(stored_pairs(results, views[group], clips)), "rescored")
    lines += first_steps.judge(baseline.snapshot, now)
    lines += verdicts.judge(baseline.snapshot, now, baseline.floors)
    changed = [f"{row.name}: {row.settings}" for row in views[group].rows if row.settings]
    return lines, changed + circumstances(baseline.snapshot, now)


def audio_lines(place: Path, baseline: Baseline) -> list[Line]:
    """Score the audio that a baseline keeps with the present metrics, and return a line for each row and metric.

    Args:
        place: folder of the baselines.
        baseline: the blessed baseline.
    """
    experiment, versions = baseline.snapshot.experiment, baseline.snapshot.metrics
    recorded: dict[tuple[str, str, Path, Path], dict[str, float | None]] = {}
    for sound in baseline.sounds:
        files = [kept_audio(place, experiment, name) for name in (sound.reference, sound.file)]
        scores = recorded.setdefault((sound.row, sound.clip, files[0], files[1]), {})
        if info(sound.metric).version == versions[sound.metric]:
            scores[sound.metric] = sound.value
    pairs = [StoredPair(*row_clip_files, scores) for row_clip_files, scores in recorded.items()]
    return verdicts.exact(rescore(pairs), "blessed audio")


def circumstances(before: Snapshot, now: Snapshot) -> list[str]:
    """Return a sentence for each package and each fact of the machine that differs; no verdict depends on them."""
    differences: list[str] = []
    for name, old in _flat(before.environment):
        new = dict(_flat(now.environment)).get(name)
        if new != old:
            differences.append(f"{name} differs: {old} in the baseline, {new} now")
    return differences


def _flat(environment: object) -> Sequence[tuple[str, object]]:
    """Return the facts of an environment as (name, value), with one entry for each package."""
    assert isinstance(environment, dict)
    packages = environment.get("packages") or {}
    return [*((k, v) for k, v in environment.items() if k not in ("packages", "system")), *packages.items()]
