"""How long the work on cells took on this machine: one file in the cache folder, from which plans take their estimates.

The file is a convenience. It is bounded, it can be deleted at any time, and what is damaged in it counts as absent.
Writers take a lock, and readers see a complete file because it is replaced as a whole. Times belong to one machine (its
processor and the number of usable cores), so a cache on a shared disk mixes nothing.
"""

from __future__ import annotations

import contextlib
import math
import os
import statistics
import time
from typing import TYPE_CHECKING, Any

from hsbench.errors import DataError, HsbenchError
from hsbench.files import cache_folder, canonical_json, read_json, sha256_json, write_json
from hsbench.results import lock, provenance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hsbench.spec import Cell

    Seconds = dict[str, float]
    Entries = dict[str, dict[str, Any]]

SCHEMA = 1
"""Number of the present form of the file; another one counts as absent."""
ENTRIES = 400
"""Largest number of entries; the entries that were not written for longest are dropped."""
RECENT = 5
"""Number of the latest measurements that are kept of each quantity; their median is the estimate."""
PATIENCE = 2.0
"""Seconds to wait for another process that writes; a measurement is rather lost than a run delayed."""
LONGEST = 1e8
"""Seconds above which a value cannot be a measurement."""


def path() -> Path:
    """Return the path of the file."""
    return cache_folder() / "timings.json"


def of_cell(cell: Cell, device: str) -> str:
    """Return the key of the cells that do the same work as a cell: seed and clips do not matter.

    Args:
        cell: the cell.
        device: "cpu" or "cuda".
    """
    parts = [canonical_json([part.name, part.version, dict(part.settings)]) for part in (cell.model, cell.budget)]
    switches, sound = dict(cell.protocol.settings), [cell.corpus["sample_rate"], cell.corpus["samples"]]
    return _key("cell", [parts, canonical_json(switches), sound], device)


def of_model(cell: Cell, device: str) -> str:
    """Return the key of all cells of a cell's model, whatever their settings."""
    return _key("model", [cell.model.name, cell.model.version], device)


def of_scores(metrics: Sequence[str], device: str) -> str:
    """Return the key of scoring a clip with some metrics, whose order does not matter; none stands for any."""
    return _key("scores", sorted(metrics), device)


def of_start(device: str) -> str:
    """Return the key of starting and ending worker processes: the first of a run, and each of the others."""
    return _key("start", [], device)


def _key(kind: str, what: Any, device: str) -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{kind} {sha256_json([what, device, provenance.cpu(), cores])[:24]}"


class Timings:
    """The measurements of this machine, as the file held them when the object was created."""

    def __init__(self) -> None:
        self._entries = _read()

    def get(self, key: str, threads: int) -> Seconds:
        """Return the median of each quantity of an entry; empty where nothing was measured.

        Args:
            key: key of the entry, from one of the functions above.
            threads: number of CPU threads; without measurements for it, those with the nearest number are returned.
        """
        entry = self._entries.get(key)
        if entry is None:
            return {}
        nearest = min(entry["threads"], key=lambda measured: abs(math.log(int(measured) / threads)))
        return {name: statistics.median(values) for name, values in entry["threads"][nearest].items()}


def record(measured: Mapping[str, Mapping[str, float]], threads: int) -> None:
    """Add measurements to the file; where that is not possible, they are lost and nothing else happens.

    Args:
        measured: key of an entry -> quantity -> seconds.
        threads: number of CPU threads with which they were measured.
    """
    file = path()
    with contextlib.suppress(OSError, HsbenchError):
        file.parent.mkdir(parents=True, exist_ok=True)
        lock_path = file.with_name("timings.lock")
        with lock_path.open("a") as lock_file:
            lock.take(lock_file.fileno(), lock_path, PATIENCE)
            entries = _read()
            for key, seconds in measured.items():
                _add(entries, key, str(threads), seconds)
            newest = sorted(entries, key=lambda key: entries[key]["at"], reverse=True)[:ENTRIES]
            write_json(file, {"schema": SCHEMA, "entries": {key: entries[key] for key in newest}})


def _add(entries: Entries, key: str, threads: str, seconds: Mapping[str, float]) -> None:
    """Add the measurements of one entry, and drop those that are no longer recent."""
    entry = entries.setdefault(key, {"threads": {}})
    entry["at"] = time.time()
    kept = entry["threads"].setdefault(threads, {})
    for name, value in seconds.items():
        kept[name] = [*kept.get(name, []), max(0.0, float(value))][-RECENT:]


def _read() -> Entries:
    """Return the valid entries of the file; none where it is missing or damaged."""
    try:
        document = read_json(path())
    except (OSError, DataError):
        return {}
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        return {}
    entries = document.get("entries")
    return {key: entry for key, entry in entries.items() if _valid(entry)} if isinstance(entries, dict) else {}


def _valid(entry: object) -> bool:
    """Return whether an entry has the form that `record` writes: a time, and seconds by threads and quantity."""
    if not isinstance(entry, dict) or not _is_number(entry.get("at"), math.inf):
        return False
    by_threads = entry.get("threads")
    if not isinstance(by_threads, dict) or not by_threads:
        return False
    counts = (threads.isascii() and threads.isdigit() and int(threads[:6]) > 0 for threads in by_threads)
    seconds = (isinstance(kept, dict) and all(map(_values, kept.values())) for kept in by_threads.values())
    return all(counts) and all(seconds)


def _values(values: object) -> bool:
    return isinstance(values, list) and bool(values) and all(_is_number(value, LONGEST) for value in values)


def _is_number(value: object, largest: float) -> bool:
    return type(value) in (int, float) and 0 <= value < largest  # type: ignore[operator]
