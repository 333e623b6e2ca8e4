"""A request meets the registry: every default filled in, every name checked, each row turned into cells.

Nothing here reads results or computes; neither torch nor pandas is imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench import protocols, registry
from hsbench.errors import HsbenchError, UnknownNameError, UsageError
from hsbench.planning import pins
from hsbench.planning.corpus_view import Ground, cast, changes, open_corpus
from hsbench.spec import Cell, Experiment, Part, Row, freeze

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.spec import Settings


@dataclass(frozen=True)
class Request:
    """What the user asked for; None means the experiment's or the budget's own choice.

    Attributes:
        experiments: registered names.
        corpus: registered name.
        budget: smoke, quick, standard or paper.
        protocol: reference, paper or fixed.
        changes: "model.key=value" texts.
        filters: "key~text" texts; a row must match all.
        split: train, validation or all.
        data_root: folder that holds the corpus.
        limit: at most so many clips.
        seeds: seeds 0 to seeds - 1.
    """

    experiments: tuple[str, ...]
    corpus: str | None = None
    budget: str | None = None
    protocol: str | None = None
    changes: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    split: str | None = None
    data_root: Path | None = None
    limit: int | None = None
    seeds: int = 1


def check(request: Request) -> None:
    """Refuse a request that cannot mean anything.

    Raises:
        UsageError: a count is not positive, or no experiment is named.
    """
    if not request.experiments:
        raise UnknownNameError("experiment", "", registry.names("experiments"))
    if request.limit is not None and request.limit < 1:
        raise UsageError(f"--limit expects a number of clips from 1, got {request.limit}.")
    if request.seeds < 1:
        raise UsageError(f"--seeds expects a number of seeds from 1, got {request.seeds}.")


def rows_of(experiment: Experiment, request: Request) -> list[Row]:
    """The rows that a request means.

    Raises:
        UsageError: none is left.
    """
    rows = [row for row in experiment.rows if _matches(row, request.filters)]
    if not rows:
        raise UsageError(
            f"no row of {experiment.name} matches -k {' -k '.join(request.filters)}; "
            f"its rows are {', '.join(row.name for row in experiment.rows)}."
        )
    if request.corpus is None:
        return rows
    fitting = [row for row in rows if row.corpus in (None, request.corpus)]
    if not fitting:
        known = ", ".join(dict.fromkeys(row.corpus for row in rows if row.corpus))
        raise UsageError(
            f"{experiment.name} compares the corpora {known}, got --corpus {request.corpus}; leave it out."
        )
    return fitting


def corpus_names(experiment: Experiment, request: Request) -> list[str]:
    """The corpora that a request needs for an experiment, in the order of its rows."""
    default = request.corpus or experiment.corpus
    return list(dict.fromkeys(row.corpus or default for row in rows_of(experiment, request)))


class Resolved:
    """One experiment with every choice made.

    Attributes:
        rows: in the order shown.
        metrics: in the order shown.
        grounds: corpus name -> ground, where it is at hand.
        absent: corpus name -> why it is not, for rows that name a corpus of their own.
        group: corpora--budget--protocol, and the split where it is not the experiment's own.
    """

    def __init__(self, experiment: Experiment, request: Request, device: str) -> None:
        self.experiment, self.request = experiment, request
        self.budget, self.protocol = pins.asked(experiment, request.budget, request.protocol, device)
        self.split = request.split or experiment.split
        self.metrics = experiment.metrics_at(self.budget.name)
        self.changes = changes(request.changes)
        self.rows = rows_of(experiment, request)
        self.grounds: dict[str, Ground] = {}
        self.absent: dict[str, str] = {}
        self._check_changes()
        self._open_corpora()
        names = corpus_names(experiment, request)
        other = "" if self.split == experiment.split else f"--{self.split}"
        self.group = f"{'+'.join(names)}--{self.budget.name}--{self.protocol}{other}"

    def _open_corpora(self) -> None:
        """Open what the rows need; a corpus that a row names itself may be absent, any other may not."""
        wanted = dict(self.experiment.clips)[self.budget.name]
        wanted = wanted if self.request.limit is None else min(wanted, self.request.limit)
        own = {row.corpus for row in self.rows} - {None, self.request.corpus}
        for name in corpus_names(self.experiment, self.request):
            try:
                source, corpus = open_corpus(name, self.request.data_root, self.request.changes)
                self.grounds[name] = Ground.of(source, corpus, self.split, wanted)
            except HsbenchError as error:
                if name not in own:
                    raise
                get = f"hsbench corpus download {name} --data-root DIR"
                self.absent[name] = str(error) if get in str(error) else f"{error} To get it: {get}"

    def _check_changes(self) -> None:
        models = {row.model for row in self.experiment.rows}
        corpora = {*corpus_names(self.experiment, self.request), *(row.corpus for row in self.experiment.rows)}
        for model in self.changes.keys() - corpora:
            registry.get("models", model)
            if model not in models:
                raise UsageError(
                    f"--set {model}: no row of {self.experiment.name} uses it; it uses {', '.join(sorted(models))}."
                )

    def corpus(self, row: Row) -> str:
        """The corpus of a row."""
        return row.corpus or self.request.corpus or self.experiment.corpus

    def cell(self, row: Row, seed: int) -> Cell:
        """The cell of a row and seed, with its whole resolved specification."""
        descriptor, ground = registry.get("models", row.model), self.grounds[self.corpus(row)]
        settings, training = self._settings(row)
        switches = protocols.switches(self.protocol, descriptor.switches)
        if descriptor.resolve is not None:
            settings = registry.load_target(descriptor.resolve)(settings, switches, ground.manifest.samples)
        settings = {key: value for key, value in settings.items() if key not in descriptor.places}
        corpus = {
            "fingerprint": ground.fingerprint,
            "sample_rate": ground.manifest.sample_rate,
            "samples": ground.manifest.samples,
        }
        return Cell(
            model=Part(row.model, descriptor.version, freeze(settings)),
            corpus=Part(ground.manifest.corpus, ground.manifest.version, freeze(corpus)),
            budget=Part(self.budget.name, 1, freeze(training)),
            protocol=Part(self.protocol, 1, freeze(switches)),
            seed=seed,
        )

    def not_given(self, row: Row) -> str | None:
        """What the user has to add before a row can be run, or None."""
        return registry.get("models", row.model).not_given(self._settings(row)[0])

    def places(self, row: Row) -> Settings:
        """Where the model of a row finds what it reads."""
        settings, _ = self._settings(row)
        return freeze({key: settings[key] for key in registry.get("models", row.model).places})

    def _settings(self, row: Row) -> tuple[dict[str, Any], dict[str, Any]]:
        """Settings of the model and the training part of its budget, with --set applied to whichever has the key."""
        descriptor = registry.get("models", row.model)
        settings = {**descriptor.defaults, **dict(row.settings)}
        training = {**descriptor.budgets.get(self.budget.name, {}), **dict(row.training)}
        for key, value in self.changes.get(row.model, {}).items():
            part = settings if key in settings else training
            if key not in part:
                raise UnknownNameError(f"setting of {row.model}", key, [*settings, *training])
            part[key] = cast(f"{row.model}.{key}", part[key], value)
        for key in descriptor.places:
            if settings[key] is not None:
                settings[key] = str(Path(str(settings[key])).expanduser().resolve())
        return settings, training

    def row_view(self, row: Row, cells: Sequence[Cell], *notes: str) -> dict[str, Any]:
        """What a report needs to know of a row; a place is no change of what is measured."""
        descriptor, changes_of = registry.get("models", row.model), self.changes.get(row.model, {})
        changed = [f"{key}={value}" for key, value in changes_of.items() if key not in descriptor.places]
        paper = {**descriptor.budgets.get("paper", {}), **dict(row.training)}
        training = dict(cells[0].budget.settings) if cells else {}
        return {
            "row": " ".join([row.name, *changed]).replace(",", ";"),
            "model": row.model,
            "corpus": self.corpus(row),
            "published": row.published,
            "cells": [cell.folder for cell in cells],
            "changed": changed,
            "departures": [
                f"{k} {_show(k, v)} (paper {_show(k, paper[k])})"
                for k, v in training.items()
                if k in paper and v != paper[k]
            ],
            "notes": [*row.notes, *notes],
        }

    def view(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """The resolved request, as kept in results/views."""
        return {
            "experiment": self.experiment.name,
            "title": self.experiment.title,
            "table": self.experiment.table,
            "source": self.experiment.source,
            "corpora": {name: ground.view() for name, ground in self.grounds.items()},
            "absent": self.absent,
            "budget": self.budget.name,
            "protocol": self.protocol,
            "split": self.split,
            "clips_paper": dict(self.experiment.clips)["paper"],
            "limit": self.request.limit,
            "metrics": list(self.metrics),
            "rows": rows,
        }


def _matches(row: Row, filters: Sequence[str]) -> bool:
    for text in filters:
        key, tilde, part = text.partition("~")
        if not tilde or key not in ("model", "row"):
            raise UsageError(f"-k expects model~text or row~text, got {text!r}.")
        if part.lower() not in (row.model if key == "model" else row.name).lower():
            return False
    return True


def _show(key: str, value: Any) -> str:
    if value is None:
        return "all" if key in ("coordinates", "train_clips") else "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
