"""The results folder: the only place that knows its paths.

    results/<cell>/       spec.json provenance.json fit.jsonl fit.json reconstructions.jsonl scores.jsonl status.json
                          log.txt job.json lock
                          artifacts/audio/<clip>.wav  artifacts/weights/<clip>.safetensors  artifacts/model/
                          artifacts/scratch/
    results/references/   clips.jsonl and audio/<sha256>.wav, shared by all cells
    results/views/        <experiment>.json: what was asked for, by corpus, budget and protocol
    results/superseded/   cells set aside by --rerun

JSON lines are the truth: a clip is rebuilt when its row stands in reconstructions.jsonl, a metric is scored when its
row stands in scores.jsonl. Rows are appended, never changed; where two rows speak of the same thing, the later one
counts.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.audio.clip import check_id
from hsbench.errors import DataError, LockedError
from hsbench.files import append_jsonl, read_json, read_jsonl, replace_atomically, write_json
from hsbench.run.resolve import VIEW_SCHEMA, upgraded
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
        return self.path / "artifacts" / "audio" / f"{check_id(clip_id)}.wav"

    def weights(self, clip_id: str) -> Path:
        """The clip's own parameters, safetensors."""
        return self.all_weights / f"{check_id(clip_id)}.safetensors"

    @property
    def all_weights(self) -> Path:
        """The folder of every clip's own parameters."""
        return self.path / "artifacts" / "weights"

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
        return list(read_jsonl(self.path / "fit.jsonl"))

    def append_reconstructions(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """The rows of one group, in one write."""
        append_jsonl(self.path / "reconstructions.jsonl", rows)

    def reconstructions(self) -> dict[str, dict[str, Any]]:
        """Clip id -> its row."""
        return {row["clip"]: row for row in read_jsonl(self.path / "reconstructions.jsonl")}

    def append_scores(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """The rows of one clip, in one write."""
        append_jsonl(self.path / "scores.jsonl", rows)

    def scores(self) -> dict[tuple[str, str, int], dict[str, Any]]:
        """(clip, metric, version) -> its row."""
        return {(r["clip"], r["metric"], r["version"]): r for r in read_jsonl(self.path / "scores.jsonl")}

    def scored(self) -> set[tuple[str, str, int]]:
        """(clip, metric, version) that need no more work; a metric whose backend was missing is tried again."""
        return {key for key, row in self.scores().items() if row["status"] != "unavailable"}

    def provenance(self) -> dict[str, Any]:
        """What computed this cell; empty where nothing did yet."""
        return _json_or_empty(self.path / "provenance.json")

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
        return _json_or_empty(self.path / "status.json")

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
            _lock(file.fileno(), self.path / "lock", patience)
            file.truncate(0)
            file.write(json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "since": now()}))
            file.flush()
            yield


class Results:
    """The results folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._keys: set[tuple[str, str]] = set()
        self._seen = 0

    def cell(self, cell: Cell) -> CellFolder:
        """The folder of a cell, existing or not."""
        return CellFolder(self.root / cell.folder)

    def folder(self, name: str) -> CellFolder:
        """The folder of that name, which a view mentions."""
        return CellFolder(self.root / check_id(name))

    def cells(self) -> list[str]:
        """Names of the folders of all cells, sorted."""
        return sorted(path.parent.name for path in self.root.glob("*/spec.json"))

    def set_aside(self, cell: Cell) -> None:
        """Move a cell's folder away, so that it is computed anew and nothing is lost."""
        old = self.root / cell.folder
        if old.exists():
            target = self.root / "superseded" / f"{cell.folder}--{time.time_ns()}"
            target.parent.mkdir(parents=True, exist_ok=True)
            old.rename(target)

    def view(self, experiment: str) -> dict[str, Any]:
        """What was asked of an experiment: {"schema", "groups": {corpus--budget--protocol: request}}.

        Raises:
            DataError: it is garbled or of a newer schema.
        """
        path = self._view_path(experiment)
        if not path.exists():
            return {"schema": VIEW_SCHEMA, "groups": {}}
        view = read_json(path)
        if not isinstance(view, dict) or not isinstance(view.get("groups"), dict):
            raise DataError(f"{path} is not a view written by hsbench; remove it and run the experiment again.")
        schema = view.get("schema", 0)
        if schema > VIEW_SCHEMA:
            raise DataError(
                f"{path} has schema {schema} and this hsbench reads up to {VIEW_SCHEMA}; install a newer one."
            )
        if schema < VIEW_SCHEMA:
            view = {"schema": VIEW_SCHEMA, "groups": {name: upgraded(one) for name, one in view["groups"].items()}}
        return view

    def views(self) -> list[str]:
        """Experiments that were run into this folder, sorted."""
        return sorted(path.stem for path in (self.root / "views").glob("*.json"))

    def write_view(self, experiment: str, group: str, request: Mapping[str, Any]) -> None:
        """Put one group's request into the experiment's view."""
        (self.root / "views").mkdir(parents=True, exist_ok=True)
        with (self.root / "views" / ".lock").open("a") as file:
            _lock(file.fileno(), self.root / "views" / ".lock", 30.0)
            view = self.view(experiment)
            view["groups"][group] = dict(request)
            write_json(self._view_path(experiment), view)

    def references(self) -> dict[tuple[str, str], dict[str, Any]]:
        """(corpus fingerprint, clip) -> speaker, sex, source, offset, samples, sample_rate, silent_frames, audio."""
        return {(row["fingerprint"], row["clip"]): row for row in read_jsonl(self._references / "clips.jsonl")}

    def add_references(self, rows: Iterable[tuple[Mapping[str, Any], bytes]]) -> None:
        """Add original clips: rows whose "audio" names the file, and its bytes."""
        self._references.mkdir(parents=True, exist_ok=True)
        with (self._references / ".lock").open("a") as file:
            _lock(file.fileno(), self._references / ".lock", 30.0)
            known = self._known()
            fresh = [(row, data) for row, data in rows if (row["fingerprint"], row["clip"]) not in known]
            for row, data in fresh:
                path = self.reference_audio(row["audio"])
                if not path.exists():
                    replace_atomically(path, data)
            append_jsonl(self._references / "clips.jsonl", [row for row, _ in fresh])
            known |= {(row["fingerprint"], row["clip"]) for row, _ in fresh}
            self._seen = self._size()

    def _known(self) -> set[tuple[str, str]]:
        """(corpus fingerprint, clip) of all references; the file is read again only where another process wrote."""
        if self._seen != self._size():
            self._keys, self._seen = set(self.references()), self._size()
        return self._keys

    def _size(self) -> int:
        path = self._references / "clips.jsonl"
        return path.stat().st_size if path.exists() else 0

    def reference_audio(self, name: str) -> Path:
        """The original clip of that file name, 32-bit float WAV."""
        return self._references / "audio" / name

    @property
    def _references(self) -> Path:
        return self.root / "references"

    def _view_path(self, experiment: str) -> Path:
        return self.root / "views" / f"{check_id(experiment)}.json"


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


def _lock(descriptor: int, path: Path, patience: float) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                holder = path.read_text(encoding="utf-8", errors="replace") or "an unknown process"
                raise LockedError(
                    f"{path.parent} is being written by {holder}; wait for it to end, or end it."
                ) from None
            time.sleep(0.05)
        else:
            return
