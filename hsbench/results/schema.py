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
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    Row = dict[str, Any]

VIEW_SCHEMA = 2
_GROUP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")
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


def view(path: Path, document: Any) -> Row:
    """views/<experiment>.json in today's form.

    Raises:
        DataError: it is garbled or of a newer schema.
    """
    wrong = DataError(f"{path} is not a view written by hsbench; remove it and run the experiment again.")
    if not isinstance(document, dict) or not isinstance(document.get("groups"), dict):
        raise wrong
    known_schema(path, document, VIEW_SCHEMA)
    try:
        groups = document["groups"]
        if document.get("schema", 0) < VIEW_SCHEMA:
            groups = {name: upgraded(one) for name, one in groups.items()}
        groups = {name: _whole(one) for name, one in groups.items()}
        if not all(_GROUP.fullmatch(name) and _is_request(one) for name, one in groups.items()):
            raise wrong
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise wrong from error
    return {"schema": VIEW_SCHEMA, "groups": groups}


def upgraded(group: Mapping[str, Any]) -> Row:
    """A group of a view of schema 1, which knew a single corpus, in today's form."""
    group = dict(group)
    ground = {name: group.pop(name) for name in ("fingerprint", "samples", "sample_rate", "clips")}
    ground |= {"description": group.pop("corpus_description"), "incomplete": group.pop("incomplete_corpus")}
    name = group.pop("corpus")
    rows = [{**row, "corpus": name, "notes": []} for row in group.pop("rows")]
    return {**group, "corpora": {name: ground}, "absent": {}, "rows": rows}


def _whole(group: Row) -> Row:
    """A group with what a report can do without."""
    corpora = {name: {**_GROUND, **ground} for name, ground in group["corpora"].items()}
    return {**_REQUEST, **group, "corpora": corpora, "rows": [{**_ROW, **row} for row in group["rows"]]}


_REQUEST: Row = {"title": "", "table": None, "source": None, "absent": {}, "split": "", "clips_paper": 0, "limit": None}
_GROUND: Row = {"description": "", "samples": 0, "sample_rate": 0, "incomplete": ["not said to be complete"]}
_ROW: Row = {"model": "", "published": None, "changed": [], "departures": [], "notes": []}


def _is_request(group: Row) -> bool:
    texts = ("experiment", "title", "budget", "protocol", "split")
    return (
        all(type(group[name]) is str for name in texts)
        and all(group[name] is None or bool(_GROUP.fullmatch(group[name])) for name in ("table", "source"))
        and type(group["clips_paper"]) is int
        and (group["limit"] is None or type(group["limit"]) is int)
        and _are_texts(group["metrics"])
        and all(type(name) is str and _is_ground(one) for name, one in group["corpora"].items())
        and all(type(reason) is str for reason in group["absent"].values())
        and isinstance(group["rows"], list)
        and all(_is_row(row, group) for row in group["rows"])
    )


def _is_ground(ground: Row) -> bool:
    return (
        type(ground["description"]) is str
        and type(ground["fingerprint"]) is str
        and type(ground["samples"]) is int
        and type(ground["sample_rate"]) is int
        and _are_texts(ground["incomplete"])
        and _are_texts(ground["clips"])
    )


def _is_row(row: Row, group: Row) -> bool:
    return (
        type(row["row"]) is str
        and row["row"] not in (".", "..")
        and type(row["model"]) is str
        and (row["published"] is None or type(row["published"]) is str)
        and (row["corpus"] in group["corpora"] or row["corpus"] in group["absent"])
        and all(_GROUP.fullmatch(cell) for cell in row["cells"])
        and all(_are_texts(row[name]) for name in ("cells", "changed", "departures", "notes"))
    )


def _are_texts(values: object) -> bool:
    return isinstance(values, list) and all(type(one) is str for one in values)
