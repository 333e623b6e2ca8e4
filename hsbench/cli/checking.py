"""`hsbench check`: is what was measured what was blessed?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hsbench.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.analysis.blessed import Baseline
    from hsbench.analysis.drift import Line
    from hsbench.analysis.snapshot import Snapshot
    from hsbench.run.store import Results


def check(
    experiment: Annotated[str, typer.Argument(help="An experiment with a blessed baseline, such as smoke.")],
    output_format: Annotated[str, typer.Option("--format", help="text, json, markdown or junit.")] = "text",
    output: Annotated[Path | None, typer.Option(help="A file; standard output by default.")] = None,
    rescore: Annotated[
        int, typer.Option(help="Clips of each row whose stored audio is scored again; 0 for none.", min=0)
    ] = 2,
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
    baselines: options.Baselines = None,
) -> None:
    """Judge results against a blessed baseline: exit code 0 for no drift, 1 for drift, 3 where it cannot be said."""
    from hsbench import registry
    from hsbench.analysis.drift import EXIT, exit_code
    from hsbench.analysis.published import baselines_folder
    from hsbench.cli import asking
    from hsbench.errors import DriftError, IncompleteError, UnknownNameError
    from hsbench.report import drift as rendering
    from hsbench.run.store import Results

    if output_format not in rendering.FORMATS:
        raise UnknownNameError("format", output_format, rendering.FORMATS)
    asking.import_files(imports)
    registry.get("experiments", experiment)
    store, place = Results(results), baselines_folder(baselines, "blessed")
    baseline = _baseline(place, experiment)
    lines, notes = judged(store, place, baseline, rescore)
    content = rendering.FORMATS[output_format](experiment, lines, notes)
    if output is None:
        print(content, end="")
    else:
        from hsbench.files import replace_atomically

        replace_atomically(output, content.encode())
        print(f"{experiment}: {rendering.summary(lines)}; wrote {output}")
    code = exit_code(lines)
    if code:
        severe = [line for line in lines if EXIT[line.verdict] == code]
        said = f"{experiment}: {rendering.summary(severe) if severe else 'nothing was measured'}"
        raise (DriftError if code == 1 else IncompleteError)(f"{said}; see docs/drift.md for what to do.")


def _baseline(place: Path, experiment: str) -> Baseline:
    """The blessed baseline.

    Raises:
        IncompleteError: there is none.
    """
    from hsbench.analysis import blessed
    from hsbench.errors import IncompleteError

    found = blessed.read(place, experiment)
    if found is None:
        raise IncompleteError(
            f"nothing was blessed for {experiment} below {place}; in a checkout, run it and then: "
            f'hsbench bless {experiment} --reason "..."'
        )
    return found


def judged(store: Results, place: Path, baseline: Baseline, clips: int) -> tuple[list[Line], list[str]]:
    """Every line of a check, and what to know of the two machines.

    Raises:
        IncompleteError: the experiment was not run into these results.
    """
    from hsbench.analysis import drift
    from hsbench.analysis.snapshot import snapshot
    from hsbench.errors import IncompleteError
    from hsbench.run.rescoring import kept, rescore

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
    lines += drift.judge(baseline.snapshot, now, baseline.floors)
    return lines, circumstances(baseline.snapshot, now)


def audio_lines(place: Path, baseline: Baseline) -> list[Line]:
    """Verdicts on the audio that the baseline keeps."""
    from hsbench.analysis import blessed, drift
    from hsbench.metrics.base import info
    from hsbench.run.rescoring import Stored, rescore

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
