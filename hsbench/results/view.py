"""A view: the rows, clips and metrics that one experiment wants in one group of corpora, budget, protocol and split.

`results/views/<experiment>.json` holds all groups of an experiment. This module reads such a file, checks it and
returns views as values; no other module reads it. A file may come from anybody and from any version of hsbench: views
of schema 1 are upgraded, and fields that a report does not need are filled in if they are missing.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

from hsbench.errors import DataError
from hsbench.results.schema import is_count, known_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Document = Mapping[str, Any]

T = TypeVar("T")

SCHEMA = 2
"""Number of the present schema of view files."""
_GROUP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")
_METRIC = re.compile(r"[^@]{1,100}(@[0-9]{1,9})?")
"""Name of a metric, with a sample rate where it is computed at another one."""


@dataclass(frozen=True)
class ViewCorpus:
    """One corpus of a view.

    Attributes:
        description: the kind of sound in a few words, such as "synthetic speech".
        fingerprint: SHA-256 over all splits of the corpus, hexadecimal.
        samples: number of samples per clip.
        sample_rate: sample rate of the clips, in Hz.
        incomplete: reasons why the corpus differs from the public release; empty for the complete release.
        clips: identifiers of the clips to score, of every split, in evaluation order.
        splits: name of a split -> identifiers of its clips; empty if only one split is scored.
    """

    description: str = ""
    fingerprint: str = ""
    samples: int = 0
    sample_rate: int = 0
    incomplete: tuple[str, ...] = ()
    clips: tuple[str, ...] = ()
    splits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class ViewTrainCorpus:
    """The corpus that the models of a view learned from, where it is another one than the scored corpus.

    Attributes:
        name: registered name of the corpus.
        description: the kind of sound in a few words, such as "synthetic speech".
        fingerprint: SHA-256 over all splits of the corpus, hexadecimal.
        incomplete: reasons why the corpus differs from the public release; empty for the complete release.
    """

    name: str
    description: str
    fingerprint: str
    incomplete: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return name and description, such as "demo (synthetic speech)"."""
        partial = ", partial corpus" if any("partial" in reason for reason in self.incomplete) else ""
        return f"{self.name} ({self.description}{partial})"


ABSENT = ViewCorpus()
"""A corpus without clips, for rows whose corpus was not available."""


@dataclass(frozen=True)
class ViewRow:
    """One row of a view.

    Attributes:
        name: label of the row, unique within the view.
        model: registered name of the model.
        corpus: name of the row's corpus, which is one of the view's corpora or one of its absent ones.
        published: name of the row of the published table that this row answers, or None.
        cells: folder names of the row's cells, one for each seed.
        changed: settings that the user changed with --set, as "setting=value" texts.
        departures: settings of the training that differ from the paper's, as texts.
        notes: remarks that a reader of the table needs.
        trained_on: name of the view's training corpus, if the row's model learned from it; None for a model that
            learned from the row's own corpus, or learns nothing.
        split: split that the row's clips come from; None for all clips of its corpus.
    """

    name: str
    model: str
    corpus: str
    published: str | None = None
    cells: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    departures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    trained_on: str | None = None
    split: str | None = None

    @property
    def settings(self) -> str:
        """The changed settings as a remark, such as "settings changed: steps=500"; "" where there are none."""
        return f"settings changed: {'; '.join(self.changed)}" if self.changed else ""


@dataclass(frozen=True)
class View:
    """Everything that one experiment wants in one group.

    Attributes:
        group: name of the group, corpora--budget--protocol, followed by the split if it is not the experiment's own,
            and by the training corpus if there is one.
        experiment: registered name of the experiment.
        title: heading of its table.
        table: number of the published table that the experiment answers, or None.
        source: name of the file below baselines/published that holds the published table, or None.
        corpora: name of a corpus that was available -> the corpus.
        absent: name of a corpus that was not available -> the reason.
        budget: name of the training budget.
        protocol: full name of the protocol, with its version.
        split: split of the corpus that is scored: train, validation or all.
        clips_paper: number of clips that the budget `paper` scores.
        limit: maximum number of clips that the user set with --limit, or None.
        metrics: names of the metrics, in the order shown.
        rows: rows of the table, in the order shown.
        columns: names of further columns that the experiment asks for, see hsbench.spec.Experiment.
        train_corpus: corpus that models learned from, where the user named another one than the scored corpus.
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
    columns: tuple[str, ...] = ()
    train_corpus: ViewTrainCorpus | None = None

    def corpus(self, row: ViewRow) -> ViewCorpus:
        """Return the corpus of a row, with the row's clips only; ABSENT if it was not available."""
        corpus = self.corpora.get(row.corpus, ABSENT)
        return corpus if row.split is None else dataclasses.replace(corpus, clips=corpus.splits[row.split], splits={})

    def split_of(self, row: ViewRow) -> str:
        """Return the split that a row's clips come from: "train", "validation", or "all" for both."""
        return row.split or self.split

    def training(self, row: ViewRow) -> ViewTrainCorpus | None:
        """Return the corpus that a row's model learned from; None if it is the row's own, or there is none."""
        return None if row.trained_on is None else self.train_corpus

    def cells(self) -> Iterator[tuple[ViewRow, str]]:
        """Yield each row with the folder name of each of its cells."""
        return ((row, cell) for row in self.rows for cell in row.cells)

    def row_corpora(self) -> tuple[str, ...]:
        """Return the names of all corpora that the rows use, absent ones included, each once."""
        return tuple(dict.fromkeys(row.corpus for row in self.rows))

    def document(self) -> dict[str, Any]:
        """Return the view as JSON: the value of its group in the view file."""
        document = dataclasses.asdict(self)
        del document["group"]
        for corpus in document["corpora"].values():
            if not corpus["splits"]:
                del corpus["splits"]
        document["rows"] = [{"row": row.pop("name"), **row} for row in document["rows"]]
        if not document["columns"]:
            del document["columns"]
        if self.train_corpus is None:
            del document["train_corpus"]
        for row in document["rows"]:
            for optional in ("trained_on", "split"):
                if row[optional] is None:
                    del row[optional]
        return document


def read_views(path: Path, document: Any) -> dict[str, View]:
    """Read the views of one file: name of the group -> view.

    Args:
        path: path of the file, for the message.
        document: content of the file.

    Raises:
        DataError: the file is damaged or has a newer schema.
    """
    refusal = DataError(f"{path} is not a view written by hsbench; remove it and run the experiment again.")
    if not isinstance(document, dict) or not isinstance(document.get("groups"), dict):
        raise refusal
    known_schema(path, document, SCHEMA)
    old = document.get("schema", 0) < SCHEMA
    try:
        return {
            group: _view(_text(group, _GROUP), _upgraded(entry) if old else entry)
            for group, entry in document["groups"].items()
        }
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise refusal from error


def _upgraded(entry: Document) -> Document:
    """Return a group of schema 1, whose views had a single corpus, in the form of the present schema."""
    entry = dict(entry)
    corpus = {name: entry.pop(name) for name in ("fingerprint", "samples", "sample_rate", "clips")}
    corpus |= {"description": entry.pop("corpus_description"), "incomplete": entry.pop("incomplete_corpus")}
    name = entry.pop("corpus")
    rows = [{**row, "corpus": name, "notes": []} for row in entry.pop("rows")]
    return {**entry, "corpora": {name: corpus}, "absent": {}, "rows": rows}


def _view(group: str, entry: Document) -> View:
    """Read one group, checking every field.

    Raises:
        KeyError, TypeError, ValueError: a field is missing or has another type.
    """
    corpora = {_text(name): _corpus(corpus) for name, corpus in entry["corpora"].items()}
    absent = {_text(name): _text(reason) for name, reason in entry.get("absent", {}).items()}
    train_corpus = _optional(entry.get("train_corpus"), _train_corpus)
    trained_on = None if train_corpus is None else train_corpus.name
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
        metrics=tuple(_text(metric, _METRIC) for metric in _list(entry["metrics"])),
        columns=_texts(entry.get("columns", [])),
        rows=tuple(_row(row, corpora, absent, trained_on) for row in _list(entry["rows"])),
        train_corpus=train_corpus,
    )


def _corpus(entry: Document) -> ViewCorpus:
    """Read one corpus of a group; raises what `_view` raises."""
    return ViewCorpus(
        description=_text(entry.get("description", "")),
        fingerprint=_text(entry["fingerprint"]),
        samples=_whole_number(entry.get("samples", 0)),
        sample_rate=_whole_number(entry.get("sample_rate", 0)),
        incomplete=_texts(entry.get("incomplete", ["not said to be complete"])),
        clips=_texts(entry["clips"]),
        splits={_text(name): _texts(clips) for name, clips in entry.get("splits", {}).items()},
    )


def _train_corpus(entry: Any) -> ViewTrainCorpus:
    """Read the training corpus of a group; raises what `_view` raises."""
    name, description, fingerprint = (_text(entry[field]) for field in ("name", "description", "fingerprint"))
    return ViewTrainCorpus(name, description, fingerprint, _texts(entry["incomplete"]))


def _row(
    entry: Document, corpora: Mapping[str, ViewCorpus], absent: Mapping[str, str], train_corpus: str | None
) -> ViewRow:
    """Read one row of a group; raises what `_view` raises.

    Args:
        entry: the row.
        corpora: the group's corpora, by name.
        absent: the group's absent corpora; the row's corpus must be among one of the two.
        train_corpus: name of the group's training corpus, which a row that names one must name; None without one.
    """
    name, corpus = _text(entry["row"]), _text(entry["corpus"])
    trained_on, split = entry.get("trained_on"), entry.get("split")
    if name in (".", "..") or corpus not in {*corpora, *absent}:  # a name becomes part of file names
        raise ValueError(f"row {name!r} of corpus {corpus!r}")
    if trained_on is not None and (trained_on != train_corpus or trained_on == corpus):
        raise ValueError(f"row {name!r} trained on {trained_on!r}")
    if split is not None and (corpus not in corpora or split not in corpora[corpus].splits):
        raise ValueError(f"row {name!r} of split {split!r}")
    return ViewRow(
        name=name,
        model=_text(entry.get("model", "")),
        corpus=corpus,
        published=_optional(entry.get("published"), _text),
        cells=tuple(_text(cell, _GROUP) for cell in _list(entry["cells"])),
        changed=_texts(entry.get("changed", [])),
        departures=_texts(entry.get("departures", [])),
        notes=_texts(entry.get("notes", [])),
        trained_on=_optional(trained_on, _text),
        split=_optional(split, _text),
    )


def _text(value: object, pattern: re.Pattern[str] | None = None) -> str:
    if type(value) is not str or (pattern is not None and not pattern.fullmatch(value)):
        raise TypeError(f"expected a text of a certain form, got {value!r}")
    return value


def _group_text(value: object) -> str:
    return _text(value, _GROUP)


def _texts(values: object) -> tuple[str, ...]:
    return tuple(_text(value) for value in _list(values))


def _list(values: object) -> list[Any]:
    if not isinstance(values, list):
        raise TypeError(f"expected a list, got {values!r}")
    return values


def _whole_number(value: object) -> int:
    if not is_count(value):
        raise TypeError(f"expected a whole number from 0, got {str(value)[:40]}")
    return cast("int", value)


def _optional(value: object, read: Callable[[object], T]) -> T | None:
    return None if value is None else read(value)
