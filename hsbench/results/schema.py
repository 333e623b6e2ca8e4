"""What the files of a results folder must look like to be believed: they may come from anywhere, and from any version.

Every check gives the document back, or raises DataError with one sentence; nothing in a file is ever run.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from hsbench.errors import DataError
from hsbench.spec import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    Row = dict[str, Any]

_AUDIO = re.compile(r"[0-9a-f]{64}\.wav")
_LARGEST = sys.float_info.max


def known_schema(path: Path, document: Row, known: int = SCHEMA) -> Row:
    """A document of a schema that this program reads.

    Raises:
        DataError: it is newer, or no number.
    """
    schema = document.get("schema", 0)
    if type(schema) is not int or schema > known:
        raise DataError(f"{path} has schema {schema!r} and this hsbench reads up to {known}; install a newer one.")
    return document


def checked(path: Path, rows: Iterable[Row], good: Callable[[Row], bool]) -> list[Row]:
    """Rows that are all of one kind.

    Raises:
        DataError: one is not; the message has its line.
    """
    found = list(rows)
    for number, row in enumerate(found, start=1):
        try:
            fine = good(row)
        except (KeyError, TypeError):
            fine = False
        if not fine:
            raise DataError(
                f"{path}, line {number}: {str(row)[:60]!r} is no row of such a file; remove that line and run again, "
                "its work is then done anew."
            )
    return found


def is_score(row: Row) -> bool:
    """A row of scores.jsonl."""
    value = row["value"]
    return (
        type(row["clip"]) is str
        and type(row["metric"]) is str
        and type(row["version"]) is int
        and type(row["status"]) is str
        and (value is None or is_number(value))
    )


def is_reconstruction(row: Row) -> bool:
    """A row of reconstructions.jsonl."""
    return (
        type(row["clip"]) is str
        and type(row["status"]) is str
        and type(row["numbers"]) is int
        and (row["bits"] is None or type(row["bits"]) is int)
        and is_number(row["seconds"])
        and is_number(row["clipped"])
    )


def is_reference(row: Row) -> bool:
    """A row of references/clips.jsonl; its audio is a file name and no path."""
    texts = ("clip", "fingerprint", "speaker", "sex")
    return all(type(row[name]) is str for name in texts) and bool(_AUDIO.fullmatch(row["audio"]))


def is_step(row: Row) -> bool:
    """A row of fit.jsonl."""
    loss = row["loss"]
    return type(row["step"]) is int and (loss is None or is_number(loss)) and type(row.get("first", "")) is str


def is_number(value: object) -> bool:
    """A finite number."""
    return type(value) in (int, float) and -_LARGEST <= value <= _LARGEST  # type: ignore[operator]  # it is a number


def provenance(path: Path, document: Row) -> Row:
    """provenance.json: sessions, each of which says which code it ran.

    Raises:
        DataError: it is another document, or of a newer schema.
    """
    sessions = known_schema(path, document).get("sessions", [])
    fits = isinstance(sessions, list) and all(
        isinstance(one, dict) and isinstance(one.get("code"), dict) and {"hsbench", "dirty"} <= one["code"].keys()
        for one in sessions
    )
    if not fits or not all(type(one["code"]["hsbench"]) is str for one in sessions):
        raise DataError(f"{path} should list the sessions that worked on the cell; delete it, or restore it.")
    return document


def status(path: Path, document: Row) -> Row:
    """status.json: how the last session ended.

    Raises:
        DataError: it is another document, or of a newer schema.
    """
    texts = (known_schema(path, document).get(name, "") for name in ("status", "message"))
    if not all(type(text) is str for text in texts):
        raise DataError(f"{path} should say how the last session ended; delete it and run again.")
    return document
