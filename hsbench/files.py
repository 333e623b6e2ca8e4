"""Files that survive kill -9: atomic replacement, append-only JSON lines, hashes.

Conventions: text is UTF-8; JSON is strict (no NaN, no Infinity); a JSON-lines file is true up to its last complete
line.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def canonical_json(value: Any) -> str:
    """The one spelling of a JSON value that is hashed: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_bytes(data: bytes) -> str:
    """Hexadecimal SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Hexadecimal SHA-256 of a file; one that has not changed since it was last asked for is not read again."""
    stat = path.stat()
    return _sha256(path, stat.st_size, stat.st_mtime_ns)


@functools.cache
def _sha256(path: Path, size: int, changed: int) -> str:
    del size, changed
    return sha256_bytes(path.read_bytes())


def sha256_json(value: Any) -> str:
    """Hexadecimal SHA-256 of a JSON value in its canonical spelling."""
    return sha256_bytes(canonical_json(value).encode())


def replace_atomically(path: Path, data: bytes) -> None:
    """Write a whole file so that a reader, or a crash, sees the old one or the new one and nothing between.

    Raises:
        OSError: as the system gives it; the temporary file is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON document atomically, indented for people."""
    replace_atomically(path, (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())


def parsed(data: bytes) -> Any:
    """A JSON value from bytes of any origin.

    Raises:
        ValueError: they are no UTF-8, no JSON, nested too deeply, or hold NaN, an infinity or half a character.
    """
    try:
        value = _STRICT.decode(data.decode())
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if b"\\u" in data:  # an escape may stand for half a character, which cannot be printed
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


_STRICT = json.JSONDecoder(parse_constant=_refuse)


def read_json(path: Path) -> Any:
    """Read a JSON document.

    Raises:
        DataError: the file is not JSON, or cannot be read.
        FileNotFoundError: it is not there.
    """
    try:
        return parsed(path.read_bytes())
    except ValueError as error:
        raise DataError(f"{path} should be a JSON document but is not ({error}); delete it and run again.") from error
    except (FileNotFoundError, NotADirectoryError):  # the folder is at fault, which whoever writes there will say
        raise
    except OSError as error:
        raise DataError(f"cannot read {path} ({error.strerror}); restore it, or remove it and run again.") from error


def append_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Append rows in one write and wait until they are on the disk; a torn last line of an earlier crash is cut off."""
    data = "".join(
        json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n" for row in rows
    ).encode()
    if not data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        end = _end_of_last_line(descriptor)
        try:
            os.ftruncate(descriptor, end)
            os.lseek(descriptor, end, os.SEEK_SET)
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, end)
            raise
    finally:
        os.close(descriptor)


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the complete lines of a JSON-lines file; nothing when it does not exist. A torn last line is passed over.

    Raises:
        DataError: a line before the last one is not a JSON object, or the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    except NotADirectoryError:  # the folder is at fault, which whoever writes there will say
        raise
    except OSError as error:
        raise DataError(f"cannot read {path} ({error.strerror}); restore it, or remove it and run again.") from error
    lines = data[: data.rfind(b"\n") + 1].splitlines()
    try:
        rows = parsed(b"[" + b",\n".join(lines) + b"]")  # half as fast again as line by line
    except ValueError:
        rows = []
    if len(rows) == len(lines) and all(isinstance(row, dict) for row in rows):
        yield from rows
        return
    for number, line in enumerate(lines, start=1):
        yield _row(path, number, line)


def _row(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        row = parsed(line)
    except ValueError as error:
        raise DataError(
            f"{path}, line {number}: expected a JSON object, got {line[:40]!r}; "
            "remove that line and run again, its work is then done anew."
        ) from error
    if not isinstance(row, dict):
        raise DataError(f"{path}, line {number}: expected a JSON object, got {line[:40]!r}; remove that line.")
    return row


def _end_of_last_line(descriptor: int, block: int = 65536) -> int:
    """Offset just behind the last newline of an open file."""
    end = os.fstat(descriptor).st_size
    while end > 0:
        start = max(0, end - block)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def cache_folder() -> Path:
    """Where derived data may be kept: HSBENCH_CACHE, else the user's cache folder; everything in it may be deleted."""
    chosen = os.environ.get("HSBENCH_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hsbench"
