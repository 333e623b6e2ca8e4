"""Files that stay readable after a crash: atomic replacement, append-only JSON lines, hashes, the cache folder.

Conventions: text is UTF-8; JSON is strict (no NaN, no infinity); a JSON-lines file is valid up to its last complete
line.

Writing is implemented here, because a file truncated by a kill or a full disk would lose hours of finished work: the
standard library has no function for it, and the package atomicwrites is unmaintained and cannot append.
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


# Keys and fingerprints hash the text J(v) that `canonical_json` returns for a JSON value v. Two properties make that
# hash an identity:
#
# 1. Equal values have equal texts. An object's members are sorted by name, so the order of insertion is lost; the
#    separators leave no free choice of white space; a character is always written as itself, never as an escape that
#    could be spelled in two ways (except quotes, backslashes and control characters, which have one escape each).
# 2. Different values have different texts, because the text can be read back: parsing J(v) gives v. Numbers survive
#    this, too. Python writes an integer with all its digits, and a float with the shortest decimal number that rounds
#    to the same 64 bits, which always has a point or an exponent. Hence 1 and 1.0 have different texts, and so have 0.1
#    and its neighbour 0.10000000000000002. NaN and infinities, which are no JSON values, are refused.
#
# Property 2 needs names that are texts: Python would write the names 1 and "1" alike. Settings have texts as names.


def canonical_json(value: Any) -> str:
    """Return the unique text of a JSON value that is hashed: sorted names, no spaces, no NaN.

    Raises:
        ValueError: the value holds NaN or an infinity.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_bytes(data: bytes) -> str:
    """Return the SHA-256 of bytes, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal.

    The result is kept in memory; a file whose size and modification time are unchanged is not read again.
    """
    stat = path.stat()
    return _sha256(path, stat.st_size, stat.st_mtime_ns)


@functools.cache
def _sha256(path: Path, size: int, modified: int) -> str:
    del size, modified  # part of the cache's key only
    return sha256_bytes(path.read_bytes())


def sha256_json(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON of a value, hexadecimal."""
    return sha256_bytes(canonical_json(value).encode())


def replace_atomically(path: Path, data: bytes) -> None:
    """Write a whole file, so that readers see either the old content or the new content, even after a crash.

    Args:
        path: file to write; its folder is created if it is missing.
        data: the new content.

    Raises:
        OSError: the operating system refused the write; the old file is unchanged and no temporary file is left.
    """
    # rename() replaces the name of a file in one step, so no reader sees half a file. The order of the steps makes it
    # hold after a power failure: the data reach the disk (first fsync) before the name points to them, and the change
    # of the name reaches the disk by the fsync of the folder that holds the name.
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
    """Write a JSON value to a file, atomically, with indentation for readers."""
    replace_atomically(path, (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())


def parsed(data: bytes) -> Any:
    """Return the JSON value that bytes of any origin encode.

    Args:
        data: UTF-8 text.

    Raises:
        ValueError: the bytes are not UTF-8, not JSON, nested too deeply, or hold NaN, an infinity or one half of a
            surrogate pair.
    """
    try:
        value = _STRICT.decode(data.decode())
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if b"\\u" in data:  # the escape of a lone surrogate is valid JSON, but its text can be neither printed nor saved
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


_STRICT = json.JSONDecoder(parse_constant=_refuse)


def read_json(path: Path) -> Any:
    """Read the JSON value in a file.

    Raises:
        DataError: the file is not JSON, or cannot be read.
        FileNotFoundError: the file does not exist.
    """
    try:
        return parsed(path.read_bytes())
    except ValueError as error:
        raise DataError(f"{path} should be a JSON document but is not ({error}); delete it and run again.") from error
    except (FileNotFoundError, NotADirectoryError):  # the folder is wrong, which the next write there will report
        raise
    except OSError as error:
        raise DataError(f"cannot read {path} ({error.strerror}); restore it, or remove it and run again.") from error


def append_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Append rows to a JSON-lines file and wait until they are on the disk.

    An incomplete last line, the trace of an earlier crash, is removed first.

    Args:
        path: file to append to; it and its folder are created if they are missing.
        rows: JSON objects, one line each.

    Raises:
        ValueError: a row holds NaN or an infinity; nothing is written.
        OSError: the operating system refused the write; the file keeps the complete lines that it had.
    """
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
    """Yield the object of each complete line of a JSON-lines file; nothing if the file does not exist.

    An incomplete last line, the trace of a crash, is ignored.

    Raises:
        DataError: a complete line is not a JSON object, or the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    except NotADirectoryError:  # the folder is wrong, which the next write there will report
        raise
    except OSError as error:
        raise DataError(f"cannot read {path} ({error.strerror}); restore it, or remove it and run again.") from error
    lines = data[: data.rfind(b"\n") + 1].splitlines()
    try:
        rows = parsed(b"[" + b",\n".join(lines) + b"]")  # 1.5 times as fast as one call per line
    except ValueError:
        rows = []
    # Joined lines may be valid although a line alone is not: a line with two objects gives one row too many, and an
    # object on two lines gives one row too few. Such a file takes the slow path, which names the line. (A file with
    # one fault of each kind would pass, but no crash writes that.)
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
    """Return the offset after the last newline of an open file, 0 if it has none.

    Args:
        descriptor: of a file that is open for reading.
        block: bytes to read at once, from the end backwards.
    """
    end = os.fstat(descriptor).st_size
    while end > 0:
        start = max(0, end - block)
        newline = os.pread(descriptor, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def cache_folder() -> Path:
    """Return the folder for derived data, such as prepared corpora; its content can be deleted at any time.

    The folder is HSBENCH_CACHE where that is set, else `hsbench` in the user's cache folder: on Linux
    $XDG_CACHE_HOME/hsbench, or ~/.cache/hsbench.
    """
    from platformdirs import user_cache_path

    chosen = os.environ.get("HSBENCH_CACHE")
    return Path(chosen) if chosen else user_cache_path("hsbench")
