"""Blessed baselines: what an experiment scored when somebody said that it was right.

    baselines/blessed/<experiment>/
        baseline.json    why, when, by which code, on which machine; rows, corpora, versions, reruns
        scores.jsonl     {"row", "metric", "seed", "clip", "value", "status"}
        curves.jsonl     {"row", "seed", "first", "step", "loss"}: the first steps of each training
        floor.jsonl      {"row", "metric", "floor", "means"}: the noise floor, and the mean of each run behind it
        audio.jsonl      {"file", "row", "clip", "metric", "value", "status"}: what some kept audio scored
        audio/*.flac     16-bit: the original of a clip, and what rows made of it

All of it is text and a few small sounds, made to be kept in git and read in a diff.
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.audio.clip import check_id
from hsbench.drift.snapshot import RowFacts, Snapshot
from hsbench.errors import DataError
from hsbench.files import read_json, read_jsonl, replace_atomically, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

SCHEMA = 1
_LINES = ("floor", "scores", "audio", "curves")
_PLAIN = ("experiment", "group", "device", "environment", "fingerprints", "sounds", "metrics")


@dataclass(frozen=True)
class Sound:
    """One score of kept audio.

    Attributes:
        file: of the row's audio, below audio/.
        reference: of the original, below audio/.
        row: name.
        clip: id.
        metric: name.
        value: or None.
        status: "ok" or the reason.
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
        snapshot: the scores and what they rest on.
        floors: (row, metric) -> noise floor.
        means: (row, metric) -> the mean of each run behind the floor, the blessed one first.
        sounds: scores of kept audio.
        blessed: {"time", "reason", "code", "reruns"}.
    """

    snapshot: Snapshot
    floors: Mapping[tuple[str, str], float]
    means: Mapping[tuple[str, str], tuple[float, ...]]
    sounds: tuple[Sound, ...]
    blessed: Mapping[str, Any]


def folder(baselines: Path, experiment: str) -> Path:
    """Where the baseline of an experiment lies, existing or not."""
    return baselines / "blessed" / check_id(experiment)


def kept_audio(baselines: Path, experiment: str, name: str) -> Path:
    """A kept sound.

    Raises:
        DataError: its name is a path.
    """
    return folder(baselines, experiment) / "audio" / check_id(name)


def read(baselines: Path, experiment: str) -> Baseline | None:
    """The baseline of an experiment, None where nothing was blessed.

    Raises:
        DataError: it is garbled, or of a newer schema.
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
            f"{place} has schema {document['schema']} and this hsbench reads up to {SCHEMA}; install a newer one."
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
    facts = {row["row"]: RowFacts(**row) for row in document["rows"]}
    scores: dict[tuple[str, str], dict[tuple[int, str], tuple[float | None, str]]] = {}
    for row in rows:
        value = None if row["value"] is None else _finite(row["value"])
        scores.setdefault((row["row"], row["metric"]), {})[row["seed"], row["clip"]] = (value, row["status"])
    if unknown := {row for row, _ in scores} - set(facts):
        raise ValueError(f"scores of the unknown row {min(unknown)!r}")
    curves: dict[str, dict[tuple[int, str, int], float | None]] = {}
    for row in steps:
        curves.setdefault(row["row"], {})[row["seed"], row["first"], row["step"]] = _finite(row["loss"])
    return Snapshot(**{name: document[name] for name in _PLAIN}, rows=facts, scores=scores, curves=curves)


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"a value {value!r}")
    return number


def write(baselines: Path, made: Baseline) -> Path:
    """Write a baseline, last the file that makes it count; gives its folder.

    Its audio is written before; audio that no longer belongs to it is removed.
    """
    place, snap = folder(baselines, made.snapshot.experiment), made.snapshot
    _write_lines(place / "scores.jsonl", _score_rows(snap))
    _write_lines(place / "curves.jsonl", _curve_rows(snap))
    _write_lines(
        place / "floor.jsonl",
        [
            {"row": row, "metric": metric, "floor": floor, "means": list(made.means[row, metric])}
            for (row, metric), floor in made.floors.items()
        ],
    )
    _write_lines(place / "audio.jsonl", [dataclasses.asdict(one) for one in made.sounds])
    document = {"schema": SCHEMA, "blessed": dict(made.blessed), **{name: getattr(snap, name) for name in _PLAIN}}
    write_json(
        place / "baseline.json", {**document, "rows": [dataclasses.asdict(facts) for facts in snap.rows.values()]}
    )
    heard = {name for sound in made.sounds for name in (sound.file, sound.reference)}
    for path in (place / "audio").glob("*.flac"):
        if path.name not in heard:
            path.unlink()
    return place


def _score_rows(snap: Snapshot) -> list[dict[str, Any]]:
    return [
        {"row": row, "metric": metric, "seed": seed, "clip": clip, "value": value, "status": status}
        for (row, metric), scores in snap.scores.items()
        for (seed, clip), (value, status) in scores.items()
    ]


def _curve_rows(snap: Snapshot) -> list[dict[str, Any]]:
    return [
        {"row": row, "seed": seed, "first": first, "step": step, "loss": loss}
        for row, losses in snap.curves.items()
        for (seed, first, step), loss in losses.items()
        if loss is not None
    ]


def _write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    replace_atomically(path, "".join(json.dumps(row, allow_nan=False) + "\n" for row in rows).encode())
