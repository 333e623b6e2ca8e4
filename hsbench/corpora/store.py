"""A prepared corpus on disk: all blocks as 16-bit samples in one memory-mapped file, and one row per source file.

    HSBENCH_CACHE/corpora/<name>--<hash of settings and data root>/
        settings.json     settings and data root that the hash belongs to
        blocks.i16        [blocks, block_samples], little-endian 16-bit, appended file by file
        parts.jsonl       one row per source file, written after its blocks: size and modification time of the file,
                          SHA-256 of each block, or the reason why the file was skipped
        complete.json     written last, beside manifest-<split>.json, the clips with their fingerprint

A preparation that was killed continues after the last row of parts.jsonl; blocks that have no row yet are removed.
Memory does not grow with the number of files.
"""

from __future__ import annotations

import fcntl
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.errors import DataError, LockedError
from hsbench.files import append_jsonl, cache_folder, read_json, read_jsonl, sha256_bytes, sha256_json, write_json

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from hsbench.corpora.listing import Listing, SourceFile

    Progress = Callable[[int, int], None]

BATCH = 32
"""Number of source files after which blocks and rows are flushed to the disk."""


class PreparedStore:
    """The prepared blocks and rows of one corpus, for one set of settings and one data root.

    Args:
        name: registered name of the corpus.
        version: version of the code that reads the corpus.
        settings: settings of the corpus; `block_samples` is the length of a block.
        root: folder of the corpus.
    """

    def __init__(self, name: str, version: int, settings: Mapping[str, Any], root: Path) -> None:
        self.settings = dict(settings)
        self.facts = {"corpus": name, "version": version, "settings": dict(settings), "root": str(root.resolve())}
        self.block = int(settings["block_samples"])
        self.path = cache_folder() / "corpora" / f"{name}--{sha256_json(self.facts)[:12]}"

    def complete(self, listing: Listing) -> bool:
        """Return whether all files of a listing are in the store and have not changed since."""
        if not (self.path / "complete.json").exists():
            return False
        self._check_settings()
        return self._identities(self.rows()) == [identity(listing.root, file) for file in listing.files]

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per source file that was prepared or skipped.

        Raises:
            DataError: a row is malformed.
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
        """Return all blocks, [blocks, block_samples], memory-mapped; writing to the array does not change the file."""
        path = self.path / "blocks.i16"
        count = path.stat().st_size // (2 * self.block) if path.exists() else 0
        if count == 0:
            return np.zeros((0, self.block), np.int16)
        return np.memmap(path, "<i2", "c", shape=(count, self.block))

    def prepare(self, listing: Listing, workers: int, progress: Progress) -> None:
        """Prepare all files of a listing that are not in the store yet.

        Args:
            listing: the source files, in the order in which their blocks are stored.
            workers: number of threads; reading, resampling and hashing release the interpreter's lock.
            progress: is called with (number of prepared files, number of all files).

        Raises:
            LockedError: another process is preparing the same store.
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
                        self._flush(file, batch)
                        batch = []
                    progress(done, len(listing.files))
                self._flush(file, batch)
            write_json(self.path / "complete.json", {"files": done})

    def _begin(self, listing: Listing) -> None:
        """Check the content of the store, and remove it if source files have changed since it was written."""
        if not (self.path / "settings.json").exists():
            write_json(self.path / "settings.json", self.facts)
        self._check_settings()
        rows = self.rows()
        expected = [identity(listing.root, file) for file in listing.files[: len(rows)]]
        if self._identities(rows) != expected:
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
        stored = read_json(self.path / "settings.json")
        if stored != self.facts:
            raise DataError(
                f"{self.path} was prepared with other settings ({stored}); remove the folder and prepare again."
            )

    def _identities(self, rows: list[dict[str, Any]]) -> list[list[Any]]:
        return [[row["path"], row["size"], row["time"]] for row in rows]

    def _flush(self, file: io.BufferedWriter, batch: list[dict[str, Any]]) -> None:
        """Write blocks, then their rows, to the disk; in this order, because a row without blocks would be invalid."""
        file.flush()
        os.fsync(file.fileno())
        append_jsonl(self.path / "parts.jsonl", batch)

    def _read(self, listing: Listing, first: int, workers: int) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Yield (row, blocks) of each file from number `first` on, in order; at most 4 files per thread are ahead."""
        from hsbench import cores

        files = listing.files[first:]
        with cores.claimed(), ThreadPoolExecutor(workers) as pool:  # each thread resamples with one torch thread
            pending = deque[Future[tuple[bytes, str]]]()
            for ahead, file in enumerate(files):
                pending.append(pool.submit(cut, str(listing.root / file.path), self.settings))
                if len(pending) > 4 * workers:
                    yield self._row(listing, files[ahead - 4 * workers], *pending.popleft().result())
            for file in files[len(files) - len(pending) :]:
                yield self._row(listing, file, *pending.popleft().result())

    def _row(self, listing: Listing, file: SourceFile, data: bytes, reason: str) -> tuple[dict[str, Any], bytes]:
        """Return the row of a file, and its blocks.

        Args:
            listing: listing of the file.
            file: the source file.
            data: its blocks as 16-bit samples, back to back.
            reason: why the file was skipped, or "".
        """
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
    """Return whether a row has all fields, each of the right type."""
    texts, counts = ("path", "stem", "speaker", "sex", "skipped"), ("size", "time")
    digests = row.get("blocks")
    return (
        all(isinstance(row.get(name), str) for name in texts)
        and all(isinstance(row.get(name), int) for name in counts)
        and isinstance(digests, list)
        and all(isinstance(digest, str) for digest in digests)
    )


def identity(root: Path, file: SourceFile) -> list[Any]:
    """Return path, size and modification time of a source file; if they are equal, the file has not changed."""
    try:
        facts = (root / file.path).stat()
    except OSError:
        return [file.path, -1, -1]
    return [file.path, facts.st_size, facts.st_mtime_ns]


def cut(path: str, settings: Mapping[str, Any]) -> tuple[bytes, str]:
    """Read, resample and cut one file.

    Args:
        path: audio file to read.
        settings: sample_rate in Hz; drop_first_samples and block_samples, in samples at that rate.

    Returns:
        The blocks as little-endian 16-bit samples, back to back, and the reason why there are none ("" if there are).
    """
    import soundfile

    from hsbench.audio.io import resampling_problem

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
    if problem := resampling_problem(rate, settings["sample_rate"]):
        return b"", problem
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
    """Return samples as 16-bit integers, rounded as libsndfile rounds them."""
    from hsbench.audio.memory import encode

    return encode(samples, rate, format="RAW", subtype="PCM_16", endian="LITTLE")
