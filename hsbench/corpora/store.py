"""A prepared corpus on disk: the blocks of every source file as 16-bit samples in one memory-mapped file, and rows.

    HSBENCH_CACHE/corpora/<name>--<hash of settings and data root>/
        settings.json     what the hash stands for; a folder never mixes two
        blocks.i16        [blocks, block_samples], little-endian 16-bit, appended file by file
        parts.jsonl       one row per source file, written after its blocks: size and time of the file,
                          SHA-256 of each block, or why it was skipped
        complete.json     written last, beside manifest-<split>.json, the clips with their fingerprint

A preparation that is killed goes on where parts.jsonl ends; blocks behind it are cut off. Memory does not grow with
the number of files.
"""

from __future__ import annotations

import fcntl
import io
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.errors import DataError, LockedError
from hsbench.files import append_jsonl, cache_folder, read_json, read_jsonl, sha256_bytes, sha256_json, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from hsbench.corpora.listing import Listing, SourceFile

    Progress = Callable[[int, int], None]

BATCH = 32
"""Source files whose rows are made durable together."""


class PreparedStore:
    """Blocks and rows of one corpus with one set of settings from one data root."""

    def __init__(self, name: str, version: int, settings: Mapping[str, Any], root: Path) -> None:
        self.settings = dict(settings)
        self.facts = {"corpus": name, "version": version, "settings": dict(settings), "root": str(root.resolve())}
        self.block = int(settings["block_samples"])
        self.path = cache_folder() / "corpora" / f"{name}--{sha256_json(self.facts)[:12]}"

    def complete(self, listing: Listing) -> bool:
        """Whether every file of the listing is in, unchanged since."""
        if not (self.path / "complete.json").exists():
            return False
        self._check_settings()
        return self._identities(self.rows()) == [identity(listing.root, file) for file in listing.files]

    def rows(self) -> list[dict[str, Any]]:
        """One row per source file that was looked at.

        Raises:
            DataError: a row is garbled.
        """
        rows = list(read_jsonl(self.path / "parts.jsonl"))
        for number, row in enumerate(rows, start=1):
            if not _is_part(row):
                raise DataError(
                    f"{self.path / 'parts.jsonl'}, line {number}: {str(row)[:60]!r} is no row of a prepared corpus; "
                    "remove the folder and prepare again."
                )
        return rows

    def blocks(self) -> NDArray[np.int16]:
        """All blocks, memory-mapped, writable without effect on the file: [blocks, block_samples]."""
        path = self.path / "blocks.i16"
        count = path.stat().st_size // (2 * self.block) if path.exists() else 0
        if count == 0:
            return np.zeros((0, self.block), np.int16)
        return np.memmap(path, "<i2", "c", shape=(count, self.block))

    def prepare(self, listing: Listing, workers: int, progress: Progress) -> None:
        """Bring every file of the listing in.

        Args:
            listing: the source files, in the order in which they are kept.
            workers: threads; reading, resampling and hashing run outside the interpreter's lock.
            progress: takes (files done, files).

        Raises:
            LockedError: another process is preparing it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LockedError(f"{self.path} is being prepared by another process; wait for it to end.") from None
            self._begin(listing)
            done = len(self.rows())
            with (self.path / "blocks.i16").open("ab") as file:
                batch: list[dict[str, Any]] = []
                for row, data in self._read(listing, done, workers):
                    file.write(data)
                    batch.append(row)
                    done += 1
                    if len(batch) == BATCH:
                        self._keep(file, batch)
                        batch = []
                    progress(done, len(listing.files))
                self._keep(file, batch)
            write_json(self.path / "complete.json", {"files": done})

    def _begin(self, listing: Listing) -> None:
        """Check what is there: go on with it, or start anew where source files have changed."""
        if not (self.path / "settings.json").exists():
            write_json(self.path / "settings.json", self.facts)
        self._check_settings()
        rows = self.rows()
        wanted = [identity(listing.root, file) for file in listing.files[: len(rows)]]
        if self._identities(rows) != wanted:
            for name in ("complete.json", "parts.jsonl", "blocks.i16"):
                (self.path / name).unlink(missing_ok=True)
            rows = []
        size = sum(len(row["blocks"]) for row in rows) * 2 * self.block
        (self.path / "blocks.i16").touch()
        if (self.path / "blocks.i16").stat().st_size < size:
            raise DataError(
                f"{self.path / 'blocks.i16'} is shorter than its rows say; remove the folder and prepare again."
            )
        os.truncate(self.path / "blocks.i16", size)

    def _check_settings(self) -> None:
        found = read_json(self.path / "settings.json")
        if found != self.facts:
            raise DataError(
                f"{self.path} was prepared with other settings ({found}); remove the folder and prepare again."
            )

    def _identities(self, rows: list[dict[str, Any]]) -> list[list[Any]]:
        return [[row["path"], row["size"], row["time"]] for row in rows]

    def _keep(self, file: io.BufferedWriter, batch: list[dict[str, Any]]) -> None:
        file.flush()
        os.fsync(file.fileno())
        append_jsonl(self.path / "parts.jsonl", batch)

    def _read(self, listing: Listing, first: int, workers: int) -> Iterator[tuple[dict[str, Any], bytes]]:
        """(row, blocks) of each file from the first missing one, in order; a few files are in flight."""
        from hsbench import cores

        files = listing.files[first:]
        with cores.claimed(), ThreadPoolExecutor(workers) as pool:  # one torch thread for each of ours
            flight = deque[Future[tuple[bytes, str]]]()
            for ahead, file in enumerate(files):
                flight.append(pool.submit(cut, str(listing.root / file.path), self.settings))
                if len(flight) > 4 * workers:
                    yield self._row(listing, files[ahead - 4 * workers], *flight.popleft().result())
            for file in files[len(files) - len(flight) :]:
                yield self._row(listing, file, *flight.popleft().result())

    def _row(self, listing: Listing, file: SourceFile, data: bytes, reason: str) -> tuple[dict[str, Any], bytes]:
        size = 2 * self.block
        path, length, time = identity(listing.root, file)
        row = {
            "path": path,
            "size": length,
            "time": time,
            "stem": file.stem,
            "speaker": file.speaker,
            "sex": file.sex,
            "blocks": [sha256_bytes(data[start : start + size]) for start in range(0, len(data), size)],
            "skipped": reason,
        }
        return row, data


def _is_part(row: Mapping[str, Any]) -> bool:
    texts, counts = ("path", "stem", "speaker", "sex", "skipped"), ("size", "time")
    digests = row.get("blocks")
    return (
        all(isinstance(row.get(name), str) for name in texts)
        and all(isinstance(row.get(name), int) for name in counts)
        and isinstance(digests, list)
        and all(isinstance(one, str) for one in digests)
    )


def identity(root: Path, file: SourceFile) -> list[Any]:
    """What tells that a source file is still the same: path, size and time of change."""
    try:
        facts = (root / file.path).stat()
    except OSError:
        return [file.path, -1, -1]
    return [file.path, facts.st_size, facts.st_mtime_ns]


def cut(path: str, settings: Mapping[str, Any]) -> tuple[bytes, str]:
    """Read, resample and cut one file.

    Args:
        path: the audio file.
        settings: sample_rate, drop_first_samples and block_samples, the latter two at the prepared rate.

    Returns:
        The blocks as little-endian 16-bit samples, back to back, and why there are none ("" where there are).
    """
    import soundfile

    try:
        samples, rate = soundfile.read(path, dtype="float32")
    except (soundfile.LibsndfileError, OSError, ValueError, MemoryError) as error:
        return b"", f"cannot be read ({error})"
    if samples.ndim != 1:
        return b"", f"has {samples.shape[1]} channels instead of one"
    if samples.size == 0:
        return b"", "holds no samples"
    if not np.isfinite(samples).all():
        return b"", "holds samples that are not finite"
    if rate != settings["sample_rate"]:
        from hsbench.audio.resample import resample

        samples = resample(samples, rate, settings["sample_rate"])
    kept = samples[settings["drop_first_samples"] :]
    count = kept.size // settings["block_samples"]
    if count == 0:
        needed = settings["drop_first_samples"] + settings["block_samples"]
        return b"", f"is shorter than one block ({samples.size} of {needed} samples)"
    return _pcm16(kept[: count * settings["block_samples"]], settings["sample_rate"]), ""


def _pcm16(samples: NDArray[np.float32], rate: int) -> bytes:
    """16-bit samples as libsndfile writes them."""
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="RAW", subtype="PCM_16", endian="LITTLE")
    return buffer.getvalue()
