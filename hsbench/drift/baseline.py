"""Blessed baselines: the scores of an experiment that somebody examined and declared right.

    baselines/blessed/<experiment>/
        baseline.json    reason, time, code and machine of the blessing; rows, corpora, versions, reruns; "families":
                         the processor families that it covers (if absent, that of its machine)
        scores.jsonl     {"row", "metric", "seed", "clip", "value", "status"}
        curves.jsonl     {"row", "seed", "first", "step", "loss"}: losses of the first steps of each training; "first"
                         is the clip, or "" for a training that all clips share (see Snapshot.curves)
        floor.jsonl      {"row", "metric", "floor", "means"}: noise floor, and the mean of each run behind it
        audio.jsonl      {"file", "reference", "row", "clip", "metric", "value", "status"}: scores of the audio below
        audio/*.flac     16-bit audio: one original clip per row, and the row's reconstruction of it

A baseline consists of text and a few small audio files, so that it can be kept in git and reviewed as a diff.
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.audio.clip import check_id
from hsbench.drift import processors
from hsbench.drift.snapshot import RowFacts, Snapshot
from hsbench.errors import DataError
from hsbench.files import read_json, read_jsonl, replace_atomically, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

SCHEMA = 1
"""Number of the present schema of baseline.json."""
_LINES = ("floor", "scores", "audio", "curves")
_PLAIN = ("experiment", "group", "device", "environment", "fingerprints", "sounds", "metrics")


@dataclass(frozen=True)
class Sound:
    """One score of audio that the baseline keeps.

    Attributes:
        file: name of the audio file of the row's reconstruction, below audio/.
        reference: name of the audio file of the original clip, below audio/.
        row: name of the row.
        clip: identifier of the clip.
        metric: name of the metric.
        value: the score, or None.
        status: "ok", or the reason why there is no score.
    """

    file: str
    reference: str
    row: str
    clip: str
    metric: str
    value: float | None
    status: str


@dataclass(frozen=True)
class Baseline:
    """A blessed baseline.

    Attributes:
        snapshot: the blessed scores, with the corpora, versions and machine that they depend on.
        floors: (row, metric) -> noise floor, in the unit of the metric.
        means: (row, metric) -> mean of each run behind the floor, that of the blessed run first.
        sounds: scores of the audio that the baseline keeps.
        blessed: facts of the blessing: {"time", "reason", "code", "reruns"}.
    """

    snapshot: Snapshot
    floors: Mapping[tuple[str, str], float]
    means: Mapping[tuple[str, str], tuple[float, ...]]
    sounds: tuple[Sound, ...]
    blessed: Mapping[str, Any]


def folder(baselines: Path, experiment: str) -> Path:
    """Return the folder of an experiment's baseline, existing or not.

    Args:
        baselines: folder of all baselines.
        experiment: name of the experiment.
    """
    return baselines / "blessed" / check_id(experiment)


def kept_audio(baselines: Path, experiment: str, name: str) -> Path:
    """Return the path of an audio file that a baseline keeps.

    Args:
        baselines: folder of all baselines.
        experiment: name of the experiment.
        name: name of the file.

    Raises:
        DataError: the name is a path.
    """
    return folder(baselines, experiment) / "audio" / check_id(name)


def read(baselines: Path, experiment: str) -> Baseline | None:
    """Read the baseline of an experiment; None if the experiment was never blessed.

    Args:
        baselines: folder of all baselines.
        experiment: name of the experiment.

    Raises:
        DataError: the baseline is damaged, or has a newer schema.
    """
    place = folder(baselines, experiment)
    if not (place / "baseline.json").exists():
        return None
    try:
        document = read_json(place / "baseline.json")
        newer = document["schema"] > SCHEMA
        floors, scores, sounds, curves = ([*read_jsonl(place / f"{name}.jsonl")] for name in _LINES)
    except (DataError, KeyError, TypeError, OSError) as error:
        raise _garbled(place, error) from error
    if newer:
        raise DataError(
            f"{place} has schema {document['schema']} and this hsbench reads up to {SCHEMA}; install a newer hsbench."
        )
    try:
        return Baseline(
            _snapshot(document, scores, curves),
            {(row["row"], row["metric"]): _finite(row["floor"]) for row in floors},
            {(row["row"], row["metric"]): tuple(_finite(mean) for mean in row["means"]) for row in floors},
            tuple(Sound(**row) for row in sounds),
            document["blessed"],
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _garbled(place, error) from error


def _garbled(place: Path, error: Exception) -> DataError:
    return DataError(f"the baseline {place} is garbled ({error!r}); restore it, or bless again.")


def _snapshot(
    document: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], steps: Iterable[Mapping[str, Any]]
) -> Snapshot:
    """Return the snapshot of a baseline.

    Args:
        document: content of baseline.json.
        rows: rows of scores.jsonl.
        steps: rows of curves.jsonl.

    Raises:
        KeyError, TypeError, ValueError: a field is missing or has another type, or a score belongs to no row.
    """
    facts = {row["row"]: RowFacts(**row) for row in document["rows"]}
    scores: dict[tuple[str, str], dict[tuple[int, str], tuple[float | None, str]]] = {}
    for row in rows:
        value = None if row["value"] is None else _finite(row["value"])
        scores.setdefault((row["row"], row["metric"]), {})[row["seed"], row["clip"]] = (value, row["status"])
    if unknown := {row for row, _ in scores} - set(facts):
        raise ValueError(f"scores of the row {min(unknown)!r}, which baseline.json does not list")
    curves: dict[str, dict[tuple[int, str, int], float | None]] = {}
    for row in steps:
        curves.setdefault(row["row"], {})[row["seed"], row["first"], row["step"]] = _finite(row["loss"])
    plain = {name: document[name] for name in _PLAIN}
    return Snapshot(**plain, families=_families(document), rows=facts, scores=scores, curves=curves)


def _families(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the processor families that a baseline covers; without the field, that of the machine it was made on."""
    names = document.get("families")
    if names is None:
        return processors.families([document["environment"].get("cpu")])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"expected a list of processor families, got {names!r}")
    return tuple(names)


def _finite(value: Any) -> float:
    """Return a value as a finite number, or raise ValueError."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"expected a finite number, got {value!r}")
    return number


def write(baselines: Path, baseline: Baseline) -> Path:
    """Write a baseline and return its folder.

    The file baseline.json is written last, because a baseline exists only once this file does. The audio must have been
    written before; audio files that no longer belong to the baseline are removed.

    Args:
        baselines: folder of all baselines.
        baseline: the baseline to write.
    """
    place, snapshot = folder(baselines, baseline.snapshot.experiment), baseline.snapshot
    _write_lines(place / "scores.jsonl", _score_rows(snapshot))
    _write_lines(place / "curves.jsonl", _curve_rows(snapshot))
    _write_lines(
        place / "floor.jsonl",
        [
            {"row": row, "metric": metric, "floor": floor, "means": list(baseline.means[row, metric])}
            for (row, metric), floor in baseline.floors.items()
        ],
    )
    _write_lines(place / "audio.jsonl", [dataclasses.asdict(sound) for sound in baseline.sounds])
    document = {
        "schema": SCHEMA,
        "blessed": dict(baseline.blessed),
        **{name: getattr(snapshot, name) for name in _PLAIN},
        "families": list(snapshot.families),
    }
    write_json(
        place / "baseline.json", {**document, "rows": [_row_document(facts) for facts in snapshot.rows.values()]}
    )
    audio_files = {name for sound in baseline.sounds for name in (sound.file, sound.reference)}
    for path in (place / "audio").glob("*.flac"):
        if path.name not in audio_files:
            path.unlink()
    return place


def _row_document(facts: RowFacts) -> dict[str, Any]:
    """Return the facts of a row as JSON; a training corpus is absent where it is not another one."""
    document = dataclasses.asdict(facts)
    if facts.trained_on is None:
        del document["trained_on"]
    return document


def _score_rows(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return the rows of scores.jsonl."""
    return [
        {"row": row, "metric": metric, "seed": seed, "clip": clip, "value": value, "status": status}
        for (row, metric), scores in snapshot.scores.items()
        for (seed, clip), (value, status) in scores.items()
    ]


def _curve_rows(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return the rows of curves.jsonl; losses that are not finite are left out."""
    return [
        {"row": row, "seed": seed, "first": first, "step": step, "loss": loss}
        for row, losses in snapshot.curves.items()
        for (seed, first, step), loss in losses.items()
        if loss is not None
    ]


def _write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    replace_atomically(path, "".join(json.dumps(row, allow_nan=False) + "\n" for row in rows).encode())
