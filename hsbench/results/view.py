"""A view: what one experiment asked for in one group of corpora, budget, protocol and split.

`results/views/<experiment>.json` holds the groups of an experiment. Views are read here once, checked, and passed on as
values; no other module looks into such a file. A file may come from anywhere and from any version: views of schema 1
are upgraded, and what a report can do without is filled in.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from hsbench.errors import DataError
from hsbench.results.schema import known_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Document = Mapping[str, Any]

T = TypeVar("T")

SCHEMA = 2
_GROUP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")


@dataclass(frozen=True)
class ViewCorpus:
    """One corpus of a view.

    Attributes:
        description: what it is in a few words, such as "synthetic speech".
        fingerprint: SHA-256 over all its splits, hexadecimal.
        samples: samples per clip.
        sample_rate: in Hz.
        incomplete: reasons why it is not the public release as published.
        clips: ids of the clips to score, in evaluation order.
        splits: split -> those of the clips that belong to it; empty where one split alone is scored.
    """

    description: str = ""
    fingerprint: str = ""
    samples: int = 0
    sample_rate: int = 0
    incomplete: tuple[str, ...] = ()
    clips: tuple[str, ...] = ()
    splits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


ABSENT = ViewCorpus()
"""Stands for a corpus that was not at hand: it has no clips."""


@dataclass(frozen=True)
class ViewRow:
    """One row of a view.

    Attributes:
        name: label, unique within the view.
        model: registered name.
        corpus: name of a corpus of the view, or of one that is absent.
        published: the published row that it answers, or None.
        cells: folder names of its cells, one for each seed.
        changed: "setting=value" texts that the user asked for with --set.
        departures: settings of the training that differ from the paper's.
        notes: what a reader must know of the row.
    """

    name: str
    model: str
    corpus: str
    published: str | None = None
    cells: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    departures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class View:
    """What one experiment asked for in one group.

    Attributes:
        group: corpora--budget--protocol, and the split where it is not the experiment's own.
        experiment: registered name.
        title: heading of its table.
        table: number of the published table that it answers, or None.
        source: name of the file below baselines/published that holds that table, or None.
        corpora: name -> corpus, of those that were at hand.
        absent: name -> why a corpus was not at hand.
        budget: name.
        protocol: full name.
        split: train, validation or all.
        clips_paper: clips that the budget `paper` scores.
        limit: the limit on clips that the user set, or None.
        metrics: names, in the order shown.
        rows: in the order shown.
    """

    group: str
    experiment: str
    title: str
    table: str | None
    source: str | None
    corpora: Mapping[str, ViewCorpus]
    absent: Mapping[str, str]
    budget: str
    protocol: str
    split: str
    clips_paper: int
    limit: int | None
    metrics: tuple[str, ...]
    rows: tuple[ViewRow, ...]

    def corpus(self, row: ViewRow) -> ViewCorpus:
        """The corpus of a row; ABSENT where it was not at hand."""
        return self.corpora.get(row.corpus, ABSENT)

    def cells(self) -> Iterator[tuple[ViewRow, str]]:
        """Each row with each of its cells' folder names."""
        return ((row, cell) for row in self.rows for cell in row.cells)

    def row_corpora(self) -> tuple[str, ...]:
        """Names of the corpora that the rows name, absent ones included, each once."""
        return tuple(dict.fromkeys(row.corpus for row in self.rows))

    def document(self) -> dict[str, Any]:
        """As JSON, the value that stands behind the group's name."""
        plain = dataclasses.asdict(self)
        del plain["group"]
        for corpus in plain["corpora"].values():
            if not corpus["splits"]:
                del corpus["splits"]
        plain["rows"] = [{"row": row.pop("name"), **row} for row in plain["rows"]]
        return plain


def read_views(path: Path, document: Any) -> dict[str, View]:
    """The views of one file: group -> view.

    Args:
        path: of the file, for the message.
        document: what it holds.

    Raises:
        DataError: it is garbled or of a newer schema.
    """
    wrong = DataError(f"{path} is not a view written by hsbench; remove it and run the experiment again.")
    if not isinstance(document, dict) or not isinstance(document.get("groups"), dict):
        raise wrong
    known_schema(path, document, SCHEMA)
    old = document.get("schema", 0) < SCHEMA
    try:
        return {
            group: _view(_text(group, _GROUP), _upgraded(entry) if old else entry)
            for group, entry in document["groups"].items()
        }
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise wrong from error


def _upgraded(entry: Document) -> Document:
    """A group of schema 1, which knew a single corpus, in today's form."""
    entry = dict(entry)
    corpus = {name: entry.pop(name) for name in ("fingerprint", "samples", "sample_rate", "clips")}
    corpus |= {"description": entry.pop("corpus_description"), "incomplete": entry.pop("incomplete_corpus")}
    name = entry.pop("corpus")
    rows = [{**row, "corpus": name, "notes": []} for row in entry.pop("rows")]
    return {**entry, "corpora": {name: corpus}, "absent": {}, "rows": rows}


def _view(group: str, entry: Document) -> View:
    """One group, checked field by field.

    Raises:
        KeyError, TypeError, ValueError: a field is missing or of another kind.
    """
    corpora = {_text(name): _corpus(one) for name, one in entry["corpora"].items()}
    absent = {_text(name): _text(reason) for name, reason in entry.get("absent", {}).items()}
    return View(
        group=group,
        experiment=_text(entry["experiment"]),
        title=_text(entry.get("title", "")),
        table=_optional(entry.get("table"), _group_text),
        source=_optional(entry.get("source"), _group_text),
        corpora=corpora,
        absent=absent,
        budget=_text(entry["budget"]),
        protocol=_text(entry["protocol"]),
        split=_text(entry.get("split", "")),
        clips_paper=_whole_number(entry.get("clips_paper", 0)),
        limit=_optional(entry.get("limit"), _whole_number),
        metrics=_texts(entry["metrics"]),
        rows=tuple(_row(row, {*corpora, *absent}) for row in _list(entry["rows"])),
    )


def _corpus(entry: Document) -> ViewCorpus:
    return ViewCorpus(
        description=_text(entry.get("description", "")),
        fingerprint=_text(entry["fingerprint"]),
        samples=_whole_number(entry.get("samples", 0)),
        sample_rate=_whole_number(entry.get("sample_rate", 0)),
        incomplete=_texts(entry.get("incomplete", ["not said to be complete"])),
        clips=_texts(entry["clips"]),
        splits={_text(name): _texts(clips) for name, clips in entry.get("splits", {}).items()},
    )


def _row(entry: Document, corpora: set[str]) -> ViewRow:
    name, corpus = _text(entry["row"]), _text(entry["corpus"])
    if name in (".", "..") or corpus not in corpora:  # a name becomes part of file names
        raise ValueError(f"row {name!r} of corpus {corpus!r}")
    return ViewRow(
        name=name,
        model=_text(entry.get("model", "")),
        corpus=corpus,
        published=_optional(entry.get("published"), _text),
        cells=tuple(_text(cell, _GROUP) for cell in _list(entry["cells"])),
        changed=_texts(entry.get("changed", [])),
        departures=_texts(entry.get("departures", [])),
        notes=_texts(entry.get("notes", [])),
    )


def _text(value: object, form: re.Pattern[str] | None = None) -> str:
    if type(value) is not str or (form is not None and not form.fullmatch(value)):
        raise TypeError(f"{value!r} is no such text")
    return value


def _group_text(value: object) -> str:
    return _text(value, _GROUP)


def _texts(values: object) -> tuple[str, ...]:
    return tuple(_text(value) for value in _list(values))


def _list(values: object) -> list[Any]:
    if not isinstance(values, list):
        raise TypeError(f"{values!r} is no list")
    return values


def _whole_number(value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is no whole number")
    return value


def _optional(value: object, read: Callable[[object], T]) -> T | None:
    return None if value is None else read(value)
