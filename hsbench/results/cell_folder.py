"""The folder of one cell: its paths, and its records as they are read and appended.

JSON lines are the truth: a clip is rebuilt when its row stands in reconstructions.jsonl, a metric is scored when its
row stands in scores.jsonl. Rows are appended, never changed; where two rows speak of the same thing, the later one
counts.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.audio.clip import check_id
from hsbench.errors import DataError
from hsbench.files import append_jsonl, read_json, read_jsonl, write_json
from hsbench.results import lock, schema
from hsbench.spec import SCHEMA, Cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class CellFolder:
    """Paths and sinks of one cell."""

    path: Path

    @property
    def log(self) -> Path:
        """What the cell's process printed."""
        return self.path / "log.txt"

    @property
    def job(self) -> Path:
        """The latest job file."""
        return self.path / "job.json"

    @property
    def scratch(self) -> Path:
        """Checkpoints of the group in flight."""
        return self.path / "artifacts" / "scratch"

    @property
    def kept(self) -> Path:
        """What a model keeps of its training."""
        return self.path / "artifacts" / "model"

    def audio(self, clip_id: str) -> Path:
        """The rebuilt clip, 32-bit float WAV."""
        return self.all_audio / f"{check_id(clip_id)}.wav"

    def weights(self, clip_id: str) -> Path:
        """The clip's own parameters, safetensors."""
        return self.all_weights / f"{check_id(clip_id)}.safetensors"

    @property
    def all_audio(self) -> Path:
        """The folder of every rebuilt clip."""
        return self.path / "artifacts" / "audio"

    @property
    def all_weights(self) -> Path:
        """The folder of every clip's own parameters."""
        return self.path / "artifacts" / "weights"

    @property
    def running(self) -> bool:
        """Whether a process holds the cell; nothing is written."""
        return lock.held(self.path / "lock")

    def touched(self) -> float:
        """When the latest of its records was written, in seconds since 1970; 0 where there is none."""
        records = (self.path / name for name in ("reconstructions.jsonl", "scores.jsonl", "status.json"))
        return max((path.stat().st_mtime for path in records if path.exists()), default=0.0)

    def exists(self) -> bool:
        """Whether a cell was begun here."""
        return (self.path / "spec.json").exists()

    def write_spec(self, cell: Cell) -> None:
        """Keep what the key hashes; a folder never changes its cell."""
        write_json(self.path / "spec.json", cell.document())

    def spec(self) -> Cell:
        """The cell of this folder.

        Raises:
            DataError: spec.json is missing, garbled or of a newer schema.
        """
        try:
            return Cell.read(read_json(self.path / "spec.json"))
        except FileNotFoundError as error:
            raise DataError(
                f"{self.path} has no spec.json, so it is no cell of hsbench; name another folder, or remove this one "
                "from the results."
            ) from error

    def append_curve(self, row: Mapping[str, Any]) -> None:
        """One row of the learning curve."""
        append_jsonl(self.path / "fit.jsonl", [row])

    def fit(self) -> dict[str, Any]:
        """Facts of the training that all clips share; empty where there is none."""
        return _json_or_empty(self.path / "fit.json")

    def write_fit(self, facts: Mapping[str, Any]) -> None:
        """Keep the facts of a finished training."""
        write_json(self.path / "fit.json", dict(facts))

    def curve(self) -> list[dict[str, Any]]:
        """Rows of the learning curve, as they were written; a resumed fit may repeat some."""
        path = self.path / "fit.jsonl"
        return schema.checked(path, read_jsonl(path), schema.is_step)

    def append_reconstructions(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """The rows of one group, in one write."""
        append_jsonl(self.path / "reconstructions.jsonl", rows)

    def reconstructions(self) -> dict[str, dict[str, Any]]:
        """Clip id -> its row."""
        path = self.path / "reconstructions.jsonl"
        return {row["clip"]: row for row in schema.checked(path, read_jsonl(path), schema.is_reconstruction)}

    def append_scores(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """The rows of one clip, in one write."""
        append_jsonl(self.path / "scores.jsonl", rows)

    def scores(self) -> dict[tuple[str, str, int], dict[str, Any]]:
        """(clip, metric, version) -> its row."""
        path = self.path / "scores.jsonl"
        rows = schema.checked(path, read_jsonl(path), schema.is_score)
        return {(row["clip"], row["metric"], row["version"]): row for row in rows}

    def scored(self) -> set[tuple[str, str, int]]:
        """(clip, metric, version) that need no more work; a metric whose backend was missing is tried again."""
        return {key for key, row in self.scores().items() if row["status"] != "unavailable"}

    def provenance(self) -> dict[str, Any]:
        """What computed this cell; empty where nothing did yet."""
        path = self.path / "provenance.json"
        return schema.provenance(path, _json_or_empty(path))

    def add_provenance(self, session: Mapping[str, Any]) -> None:
        """Add one working session to provenance.json."""
        sessions = self.provenance().get("sessions", [])
        write_json(self.path / "provenance.json", {"schema": SCHEMA, "sessions": [*sessions, dict(session)]})

    def amend_provenance(self, facts: Mapping[str, Any]) -> None:
        """Add facts to the latest session, which are known only once it has computed."""
        document = self.provenance()
        document["sessions"][-1] |= facts
        write_json(self.path / "provenance.json", document)

    def status(self) -> dict[str, Any]:
        """How the last session ended: {"status": ..., "message": ...}; empty where none did."""
        path = self.path / "status.json"
        return schema.status(path, _json_or_empty(path))

    def set_status(self, status: str, message: str = "") -> None:
        """Write status.json atomically: done, failed, timeout, crashed, unavailable or interrupted."""
        write_json(self.path / "status.json", {"schema": SCHEMA, "status": status, "message": message, "time": now()})

    def clear_scratch(self) -> None:
        """Drop the checkpoints of a group that is recorded."""
        shutil.rmtree(self.scratch, ignore_errors=True)

    @contextlib.contextmanager
    def locked(self, patience: float = 5.0) -> Iterator[None]:
        """Hold the cell. The kernel lets go when the process ends, however it ends; the file says who holds it.

        Args:
            patience: seconds to wait for a process that is about to end.

        Raises:
            LockedError: another process holds it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("a+", encoding="utf-8") as file:
            lock.take(file.fileno(), self.path / "lock", patience)
            file.truncate(0)
            file.write(json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "since": now()}))
            file.flush()
            yield


def now() -> str:
    """The time, ISO 8601, UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _json_or_empty(path: Path) -> dict[str, Any]:
    try:
        found = read_json(path)
    except FileNotFoundError:
        return {}
    if not isinstance(found, dict):
        raise DataError(f"{path} should hold a JSON object; delete it and run again.")
    return found
