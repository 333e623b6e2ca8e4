"""The folder of one cell: the paths of its files, and functions that read and append its records.

The JSON-lines files are the truth: a clip is rebuilt once its row is in reconstructions.jsonl, and a metric is scored
once its row is in scores.jsonl. Rows are appended and never changed. If two rows are about the same clip, or the same
clip and metric, the later row counts. A row that holds an impossible number is left out, and so are all rows of a
folder whose spec.json belongs to another cell; `CellFolder.problems` names them.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.audio.clip import check_id
from hsbench.errors import DataError
from hsbench.files import append_jsonl, read_json, read_jsonl, write_json
from hsbench.results import lock, possible, schema
from hsbench.results.inside import inside
from hsbench.results.remembered import Remembered, state
from hsbench.spec import SCHEMA, Cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    Rows = dict[Any, dict[str, Any]]

_WITH_KEY = re.compile(r".+--[0-9a-f]{12}")
_IMPOSSIBLE: Remembered[Mapping[Any, str]] = Remembered()
"""Why rows of the files of cells are impossible: verbs read the rows and name the impossible ones afterwards."""


@dataclass(frozen=True)
class CellFolder:
    """Paths and records of one cell.

    Attributes:
        path: the folder, existing or not.
    """

    path: Path

    @property
    def log(self) -> Path:
        """Path of the log: everything that the cell's worker processes printed."""
        return self._file("log.txt")

    @property
    def job(self) -> Path:
        """Path of the latest job file (see hsbench.planning.job)."""
        return self._file("job.json")

    @property
    def scratch(self) -> Path:
        """Folder of checkpoints of the group of clips that is being fitted."""
        return self.path / "artifacts" / "scratch"

    @property
    def kept(self) -> Path:
        """Folder in which a model keeps its trained network and the checkpoint of an unfinished training."""
        return self.path / "artifacts" / "model"

    def audio(self, clip_id: str) -> Path:
        """Return the path of a rebuilt clip (32-bit float WAV)."""
        return self._file(f"artifacts/audio/{check_id(clip_id)}.wav")

    def weights(self, clip_id: str) -> Path:
        """Return the path of the clip's own parameters (safetensors)."""
        return self._file(f"artifacts/weights/{check_id(clip_id)}.safetensors")

    def stream(self, clip_id: str) -> Path:
        """Return the path of the clip's stream (see hsbench.models.coding.container)."""
        return self._file(f"artifacts/streams/{check_id(clip_id)}.hsb")

    @property
    def all_streams(self) -> Path:
        """Folder of the streams of all clips, one file per clip."""
        return self.path / "artifacts" / "streams"

    @property
    def all_audio(self) -> Path:
        """Folder of all rebuilt clips."""
        return self.path / "artifacts" / "audio"

    @property
    def all_weights(self) -> Path:
        """Folder of the parameters of all clips, one file per clip."""
        return self.path / "artifacts" / "weights"

    @property
    def running(self) -> bool:
        """Whether a process holds the lock of the cell; nothing is written."""
        return lock.held(self.path / "lock")

    def touched(self) -> float:
        """Return when the latest record was written, in seconds since 1970; 0 if there is none."""
        records = (self.path / name for name in ("reconstructions.jsonl", "scores.jsonl", "status.json"))
        return max((path.stat().st_mtime for path in records if path.exists()), default=0.0)

    def exists(self) -> bool:
        """Return whether work on the cell has begun in this folder, which then has the specification of the cell."""
        return self._file("spec.json").exists() and self._foreign() is None

    def write_spec(self, cell: Cell) -> None:
        """Write the specification that the cell's key hashes; a folder always belongs to the same cell."""
        write_json(self.path / "spec.json", cell.document())

    def spec(self) -> Cell:
        """Read the specification of the cell.

        Raises:
            DataError: spec.json is missing, garbled or of a newer schema, or its hash is not the key in the folder's
                name.
        """
        try:
            cell = Cell.read(read_json(self._file("spec.json")))
        except FileNotFoundError as error:
            raise DataError(
                f"expected the folder of a cell, and {self.path} has no spec.json, so it is no cell of hsbench; name "
                "another folder, or remove this one from the results."
            ) from error
        if _WITH_KEY.fullmatch(self.path.name) and cell.folder != self.path.name:
            raise DataError(
                f"{self.path / 'spec.json'} should specify this cell and specifies {cell.folder}, so it was altered or "
                "belongs to another folder; restore it, or run the experiment again."
            )
        return cell

    def append_curve(self, row: Mapping[str, Any]) -> None:
        """Append one row of the learning curve."""
        append_jsonl(self.path / "fit.jsonl", [row])

    def fit(self) -> dict[str, Any]:
        """Read the facts of the training that all clips share; empty if there is none."""
        path = self._file("fit.json")
        return schema.fit(path, _json_or_empty(path))

    def write_fit(self, facts: Mapping[str, Any]) -> None:
        """Write the facts of a finished training."""
        write_json(self.path / "fit.json", dict(facts))

    def curve(self) -> list[dict[str, Any]]:
        """Read the rows of the learning curve in the order of writing; a resumed fit may repeat some steps."""
        path = self._file("fit.jsonl")
        return schema.checked(path, read_jsonl(path), schema.is_step)

    def append_reconstructions(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Append the rows of a group of rebuilt clips, in one write."""
        append_jsonl(self.path / "reconstructions.jsonl", rows)

    def reconstructions(self) -> dict[str, dict[str, Any]]:
        """Read reconstructions.jsonl: clip identifier -> row, without the rows that `problems` names."""
        return self._without(*self._reconstructions())

    def append_scores(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Append the scores of one clip, in one write."""
        append_jsonl(self.path / "scores.jsonl", rows)

    def scores(self) -> dict[tuple[str, str, int], dict[str, Any]]:
        """Read scores.jsonl: (clip, metric, version of the metric) -> row, without the rows that `problems` names."""
        return self._without(*self._scores())

    def problems(self) -> tuple[str, ...]:
        """Return a sentence for each file of the cell of which something is left out because it is not possible."""
        if (problem := self._foreign()) is not None:
            return (f"the results of {self.path.name} are left out: {problem.rstrip('.')}",)
        files = {
            "reconstructions.jsonl": lambda: self._reconstructions()[1],
            "scores.jsonl": lambda: self._scores()[1],
        }
        found = {name: _IMPOSSIBLE.known(self._file(name), find) for name, find in files.items()}
        return tuple(possible.sentence(self.path / name, [*why.values()]) for name, why in found.items() if why)

    def _reconstructions(self) -> tuple[Rows, Mapping[Any, str]]:
        """Return all rows of reconstructions.jsonl by clip, and why some of them are impossible."""
        path = self._file("reconstructions.jsonl")
        before = state(path)
        rows = {row["clip"]: row for row in schema.checked(path, read_jsonl(path), schema.is_reconstruction)}
        impossible = possible.impossible_reconstructions(rows)
        _IMPOSSIBLE.keep(path, before, impossible)
        return rows, impossible

    def _scores(self) -> tuple[Rows, Mapping[Any, str]]:
        """Return all rows of scores.jsonl by clip, metric and version, and why some of them are impossible."""
        path = self._file("scores.jsonl")
        before = state(path)
        checked_rows = schema.checked(path, read_jsonl(path), schema.is_score)
        rows = {(row["clip"], row["metric"], row["version"]): row for row in checked_rows}
        impossible = possible.impossible_scores(rows)
        _IMPOSSIBLE.keep(path, before, impossible)
        return rows, impossible

    def _without(self, rows: Rows, impossible: Mapping[Any, str]) -> Rows:
        """Return the possible rows; none if the folder holds the specification of another cell."""
        if rows and self._foreign() is not None:
            return {}
        return {key: row for key, row in rows.items() if key not in impossible} if impossible else rows

    def _foreign(self) -> str | None:
        """Return why spec.json does not specify the cell that the folder is named after; else None."""
        if not self._file("spec.json").exists():
            return None
        try:
            self.spec()
        except DataError as error:
            return str(error)
        return None

    def _file(self, name: str) -> Path:
        """Return the path of a file of the cell.

        Args:
            name: path relative to the cell's folder.

        Raises:
            DataError: a symbolic link leads out of the results folder, or the file is a pipe or a device.
        """
        return inside(self.path / name, self.path.parent)

    def provenance(self) -> dict[str, Any]:
        """Read which code, packages and machine computed this cell; empty if nothing was computed yet."""
        path = self._file("provenance.json")
        return schema.provenance(path, _json_or_empty(path))

    def add_provenance(self, session: Mapping[str, Any]) -> None:
        """Append one working session to provenance.json."""
        sessions = self.provenance().get("sessions", [])
        write_json(self.path / "provenance.json", {"schema": SCHEMA, "sessions": [*sessions, dict(session)]})

    def amend_provenance(self, facts: Mapping[str, Any]) -> None:
        """Add facts to the latest session that are only known after it has computed something."""
        document = self.provenance()
        document["sessions"][-1] |= facts
        write_json(self.path / "provenance.json", document)

    def adopted(self) -> str:
        """Return the name of the network that the cell adopted in place of a training; "" for none.

        A network that was deleted may have been trained here since, so the latest session that got a network counts.
        """
        for session in reversed(self.provenance().get("sessions", [])):
            if session.get("trained"):
                return ""
            if session.get("adopted"):
                return str(session["adopted"]["name"])
        return ""

    def status(self) -> dict[str, Any]:
        """Read how the last session ended: {"status": ..., "message": ...}; empty if none has ended yet."""
        path = self._file("status.json")
        return schema.status(path, _json_or_empty(path))

    def set_status(self, status: str, message: str = "") -> None:
        """Write status.json atomically.

        Args:
            status: done, failed, timeout, crashed, unavailable or interrupted.
            message: one sentence that says why; empty for done.
        """
        write_json(self.path / "status.json", {"schema": SCHEMA, "status": status, "message": message, "time": now()})

    def clear_scratch(self) -> None:
        """Delete the checkpoints of a group of clips whose rows are written."""
        shutil.rmtree(self.scratch, ignore_errors=True)

    @contextlib.contextmanager
    def locked(self, patience: float = 5.0) -> Iterator[None]:
        """Hold the lock of the cell as long as the context lasts.

        The kernel releases the lock when the process ends, however it ends. The lock file names host and process.

        Args:
            patience: seconds to wait for another process to release the lock.

        Raises:
            LockedError: another process still holds the lock when the time is over.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("a+", encoding="utf-8") as file:
            lock.take(file.fileno(), self.path / "lock", patience)
            file.truncate(0)
            file.write(json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "since": now()}))
            file.flush()
            yield


def now() -> str:
    """Return the present time as ISO 8601 text, UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _json_or_empty(path: Path) -> dict[str, Any]:
    """Read a JSON object; empty if the file does not exist."""
    try:
        document = read_json(path)
    except FileNotFoundError:
        return {}
    if not isinstance(document, dict):
        raise DataError(f"{path} should hold a JSON object, got {str(document)[:40]!r}; delete it and run again.")
    return document
