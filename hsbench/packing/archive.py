"""The file format of packed results: a ZIP archive with a table of its files, read as if anybody had written it.

    pack.json                 schema, version of hsbench, experiments, what was left out, and for each file its size and
                              SHA-256
    results/...               files of a results folder, under the names that they have there

The same results give the same bytes: entries are sorted, and none holds a time.

An archive of unknown origin can hold paths that lead out of the folder into which it is unpacked, links, names that
occur twice, and entries that grow to any size. So nothing is unpacked that pack.json does not list, a name must be one
that hsbench itself writes (NAMES), an entry is read up to its listed size and one byte further, and all sizes together
have a limit. Nothing of an archive is executed.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.errors import DataError
from hsbench.files import canonical_json, parsed, replace_atomically, sha256_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SCHEMA = 1
TABLE = "pack.json"
FOLDER = "results/"
LARGEST_FILE, LARGEST = 256 << 20, 4 << 30
"""Bytes of one file, and of all unpacked files together, at most."""
DAMAGED = (OSError, ValueError, EOFError, RuntimeError, struct.error, zlib.error)
"""Exceptions of the standard library where an archive is damaged, encrypted or of another kind."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Time of every entry, the earliest that a ZIP archive can hold."""
_ID = r"[^/\\\x00-\x1f]{1,200}"
NAMES = re.compile(
    rf"""results/(
        views/{_ID}\.json
        | references/clips\.jsonl
        | references/audio/[0-9a-f]{{64}}\.wav
        | (?!views/|references/){_ID}/(
            (spec|provenance|fit|status)\.json
            | (fit|reconstructions|scores)\.jsonl
            | artifacts/audio/{_ID}\.wav
            | artifacts/streams/{_ID}\.hsb
        )
    )""",
    re.VERBOSE,
)
"""Names of the files that a packed results folder may hold."""


@dataclass(frozen=True)
class Pack:
    """The table of a packed file.

    Attributes:
        version: version of hsbench that wrote it.
        experiments: names of its experiments.
        left_out: sentences on what the results folder held and the file does not.
        files: name -> (size in bytes, SHA-256) of every file.
        digest: SHA-256 of the whole archive, hexadecimal.
    """

    version: str
    experiments: tuple[str, ...]
    left_out: tuple[str, ...]
    files: Mapping[str, tuple[int, str]]
    digest: str


def write(path: Path, facts: Mapping[str, Any], files: Mapping[str, bytes]) -> str:
    """Write a packed file, atomically, and return its SHA-256.

    Args:
        path: the file to write.
        facts: hsbench, experiments and left_out of pack.json.
        files: name -> content; each name matches NAMES.

    Raises:
        OSError: the file system refused the write.
    """
    listed = {name: {"bytes": len(data), "sha256": sha256_bytes(data)} for name, data in sorted(files.items())}
    table = canonical_json({"schema": SCHEMA, **facts, "files": listed}).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in ((TABLE, table), *sorted(files.items())):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data, zipfile.ZIP_DEFLATED, 9)
    replace_atomically(path, buffer.getvalue())
    return sha256_bytes(buffer.getvalue())


def unpack(path: Path, folder: Path) -> tuple[Pack, list[str]]:
    """Unpack a file into an empty folder, and compare every file with the table.

    Args:
        path: the packed file, of any origin.
        folder: an empty folder; it becomes a results folder.

    Returns:
        The table, and a sentence for each file that is missing, was altered or is not listed. An altered file is
        unpacked, so that everything about it can be said; a file that is not listed is not.

    Raises:
        DataError: the file is no pack, is too large, or holds a name that no results folder has.
    """
    if not path.is_file():  # opening a pipe would wait for its writer
        raise DataError(f"expected a file of packed results, got {path}; hsbench pack RESULTS -o FILE.hsr writes one.")
    try:
        with _opened(path) as archive:
            pack = _table(path, archive)
            return pack, list(_files(archive, pack, folder))
    except zipfile.BadZipFile as error:
        raise DataError(
            f"expected results packed by hsbench pack, and {path} cannot be read as such ({error}); pack them again."
        ) from error


def _table(path: Path, archive: zipfile.ZipFile) -> Pack:
    """Read and check pack.json.

    Raises:
        DataError: there is none, or it is damaged, of a newer schema, or lists what no results folder holds.
    """
    names = archive.namelist()
    if names.count(TABLE) != 1:
        raise DataError(f"expected one {TABLE} in {path}, got {names.count(TABLE)}; pack the results again.")
    data = _read(archive, TABLE, LARGEST_FILE)
    try:
        document = parsed(data)
        if document["schema"] != SCHEMA:
            raise DataError(
                f"{path} has schema {document['schema']!r} and this hsbench reads schema {SCHEMA}; update hsbench."
            )
        files = {str(name): (int(one["bytes"]), str(one["sha256"])) for name, one in document["files"].items()}
        experiments, left_out = (tuple(map(str, document[key])) for key in ("experiments", "left_out"))
        version = str(document["hsbench"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{TABLE} of {path} is damaged ({error!r}); pack the results again.") from error
    for name, (size, _) in files.items():
        if not NAMES.fullmatch(name) or ".." in name.split("/") or size < 0:
            raise DataError(f"{path} lists {name!r}, which no packed results folder holds; nothing was unpacked.")
        if size > LARGEST_FILE:
            raise DataError(
                f"{path} lists {name} with {size / 1e6:.0f} MB, and files have {LARGEST_FILE / 1e6:.0f} MB at most; "
                "nothing was unpacked."
            )
    if (total := sum(size for size, _ in files.values())) > LARGEST:
        raise DataError(
            f"{path} would unpack to {total / 1e9:.1f} GB, and at most {LARGEST / 1e9:.1f} GB are unpacked; pack fewer "
            "experiments into one file."
        )
    return Pack(version, experiments, left_out, files, sha256_bytes(path.read_bytes()))


def _files(archive: zipfile.ZipFile, pack: Pack, folder: Path) -> Iterator[str]:
    """Write the listed files into a folder; yield a sentence for each one that is not as listed."""
    held = archive.namelist()
    for name in sorted(set(held) - set(pack.files) - {TABLE}):
        yield f"{name!r} is in the file and not in its table; it was not read"
    for name, (size, digest) in pack.files.items():
        if (count := held.count(name)) != 1:
            yield f"{name} is listed and is {'missing' if count == 0 else f'there {count} times'}"
            continue
        if stat.S_ISLNK(archive.getinfo(name).external_attr >> 16):
            yield f"{name} is a link, and a packed file holds none; it was not read"
            continue
        try:
            data = _read(archive, name, size)
        except zipfile.BadZipFile as error:
            yield f"{name} is damaged ({error})"
            continue
        if len(data) != size or sha256_bytes(data) != digest:
            yield f"{name} was altered after it was packed: its SHA-256 is not the listed one"
        target = folder / name.removeprefix(FOLDER)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def _opened(path: Path) -> zipfile.ZipFile:
    """Open an archive; every error of a damaged one is a BadZipFile."""
    try:
        return zipfile.ZipFile(path)
    except DAMAGED as error:
        raise zipfile.BadZipFile(str(error)) from error


def _read(archive: zipfile.ZipFile, name: str, size: int) -> bytes:
    """Read an entry up to one byte more than it should have, whatever size the archive claims for it.

    Raises:
        BadZipFile: the entry is damaged, encrypted, or compressed in a way that is not used here.
    """
    try:
        with archive.open(name) as file:
            return file.read(size + 1)
    except DAMAGED as error:
        raise zipfile.BadZipFile(str(error)) from error
