"""Checks of the files in a results folder, which may come from anybody and from any version of hsbench.

Every check returns the document, or raises DataError with one sentence. Nothing in a file is ever executed.
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
LARGEST_COUNT = 2**53
"""Largest count in a results folder; every whole number up to it is also a float."""
_LARGEST = sys.float_info.max


def known_schema(path: Path, document: Row, known: int = SCHEMA) -> Row:
    """Check that this program can read the schema of a document, and return the document.

    Args:
        path: path of the file, for the message.
        document: content of the file.
        known: newest schema number that this program reads.

    Raises:
        DataError: the schema is newer, or is not a whole number.
    """
    schema = document.get("schema", 0)
    if type(schema) is not int or schema > known:
        raise DataError(
            f"{path} has schema {schema!r:.40} and this hsbench reads up to {known}; install a newer hsbench."
        )
    return document


def checked(path: Path, rows: Iterable[Row], is_row: Callable[[Row], bool]) -> list[Row]:
    """Check every row of a JSON-lines file, and return the rows.

    Args:
        path: path of the file, for the message.
        rows: rows of the file, in order.
        is_row: returns whether a row has the fields of this kind of file; it may raise KeyError or TypeError instead.

    Raises:
        DataError: a row has other fields; the message gives its line number.
    """
    checked_rows = list(rows)
    for number, row in enumerate(checked_rows, start=1):
        try:
            good = is_row(row)
        except (KeyError, TypeError):
            good = False
        if not good:
            raise DataError(
                f"{path}, line {number}: {str(row)[:60]!r} is no row of such a file; remove that line and run again, "
                "what it recorded is then computed again."
            )
    return checked_rows


def is_score(row: Row) -> bool:
    """Return whether a document is a row of scores.jsonl."""
    value = row["value"]
    return (
        type(row["clip"]) is str
        and type(row["metric"]) is str
        and type(row["version"]) is int
        and type(row["status"]) is str
        and (value is None or is_number(value))
    )


def is_reconstruction(row: Row) -> bool:
    """Return whether a document is a row of reconstructions.jsonl."""
    return (
        type(row["clip"]) is str
        and type(row["status"]) is str
        and type(row["numbers"]) is int
        and (row["bits"] is None or type(row["bits"]) is int)
        and is_number(row["seconds"])
        and is_number(row["clipped"])
    )


def is_reference(row: Row) -> bool:
    """Return whether a document is a row of references/clips.jsonl, whose audio is a file name and not a path."""
    texts = (*(row[name] for name in ("clip", "fingerprint", "speaker", "sex")), row.get("corpus", ""))
    return (
        all(type(text) is str for text in texts)
        and is_count(row.get("sample_rate", 0))
        and bool(_AUDIO.fullmatch(row["audio"]))
    )


def is_step(row: Row) -> bool:
    """Return whether a document is a row of fit.jsonl, the learning curve."""
    losses = row.get("losses", {})
    return (
        type(row["step"]) is int
        and type(row.get("first", "")) is str
        and type(losses) is dict
        and all(loss is None or is_number(loss) for loss in (row["loss"], *losses.values()))
    )


def is_count(value: object) -> bool:
    """Return whether a value is a whole number from 0 to LARGEST_COUNT."""
    return type(value) is int and 0 <= value <= LARGEST_COUNT


def is_number(value: object) -> bool:
    """Return whether a value is a finite number; true and false are not."""
    return type(value) in (int, float) and -_LARGEST <= value <= _LARGEST  # type: ignore[operator]  # it is a number


def provenance(path: Path, document: Row) -> Row:
    """Check a provenance.json, which lists working sessions and the code that each ran, and return it.

    Raises:
        DataError: the file holds another document, or one of a newer schema.
    """
    sessions = known_schema(path, document).get("sessions", [])
    try:
        good = isinstance(sessions, list) and all(_is_session(session) for session in sessions)
    except (AttributeError, KeyError, TypeError):
        good = False
    if not good:
        raise DataError(
            f"{path} should list the working sessions of the cell and holds something else; delete it, or restore it."
        )
    return {**document, "sessions": [{"started": "", "device": "", **session} for session in sessions]}


def _is_session(session: Row) -> bool:
    """Return whether a document is a working session; facts that reports can do without may be missing."""
    code, packages, seconds = session["code"], session.get("packages") or {}, session.get("seconds")
    texts = (code["hsbench"], code.get("commit") or "", session.get("started", ""), session.get("device", ""))
    return (
        "dirty" in code
        and all(type(text) is str for text in (*texts, *(session.get("command") or [])))
        and isinstance(packages, dict)
        and (seconds is None or is_number(seconds))
        and ((adopted := session.get("adopted")) is None or type(adopted["name"]) is str)
    )


def fit(path: Path, document: Row) -> Row:
    """Check a fit.json, which holds the facts of a training as texts and numbers, and return it.

    Raises:
        DataError: the file holds another document.
    """
    for name, fact in document.items():
        if not (fact is None or type(fact) in (str, bool) or is_number(fact)):
            raise DataError(
                f"{path} should hold the facts of a training and its {name[:40]!r} is neither a number nor a text; "
                "delete it and run again."
            )
    return document


def status(path: Path, document: Row) -> Row:
    """Check a status.json, which says how the last session ended, and return it.

    Raises:
        DataError: the file holds another document, or one of a newer schema.
    """
    texts = (known_schema(path, document).get(name, "") for name in ("status", "message"))
    if not all(type(text) is str for text in texts):
        raise DataError(
            f"{path} should say how the last session ended and holds something else; delete it and run again."
        )
    return document
