"""A request meets the registry: every default filled in, every name checked, each row turned into cells.

Nothing here reads results or computes; neither torch nor pandas is imported.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench import protocols, registry, spec
from hsbench.corpora.base import Source
from hsbench.errors import UnknownNameError, UsageError
from hsbench.spec import Cell, Experiment, Part, Row, freeze

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hsbench.corpora.base import Corpus


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
        split: train or validation.
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


class Resolved:
    """One experiment with every choice made."""

    def __init__(self, experiment: Experiment, request: Request, device: str) -> None:
        self.experiment, self.request = experiment, request
        self.budget = spec.budget(request.budget or ("standard" if device == "cuda" else "quick"))
        self.protocol = protocols.name(request.protocol or self.budget.protocol)
        self.split = request.split or experiment.split
        self.changes = _changes(request.changes)
        self.source, corpus = corpus_of(request, experiment)
        self.incomplete = [*corpus.completeness(), *_corpus_changes(corpus.name, self.source)]
        self.manifest = corpus.manifest(self.split)
        order = [item.id for item in self.manifest.evaluation()]
        wanted = dict(experiment.clips)[self.budget.name]
        self.full = min(wanted, len(order))
        self.clips = order[: self.full if request.limit is None else min(self.full, request.limit)]
        self.rows = [row for row in experiment.rows if _matches(row, request.filters)]
        self._check_rows()

    @property
    def group(self) -> str:
        """corpus--budget--protocol."""
        return f"{self.manifest.corpus}--{self.budget.name}--{self.protocol}"

    def _check_rows(self) -> None:
        if not self.rows:
            raise UsageError(
                f"no row of {self.experiment.name} matches -k {' -k '.join(self.request.filters)}; "
                f"its rows are {', '.join(row.name for row in self.experiment.rows)}."
            )
        models = {row.model for row in self.experiment.rows}
        for model in self.changes.keys() - {self.manifest.corpus}:
            registry.get("models", model)
            if model not in models:
                raise UsageError(
                    f"--set {model}: no row of {self.experiment.name} uses it; it uses {', '.join(sorted(models))}."
                )

    def cell(self, row: Row, seed: int) -> Cell:
        """The cell of a row and seed, with its whole resolved specification."""
        descriptor = registry.get("models", row.model)
        settings, training = self._settings(row)
        switches = protocols.switches(self.protocol, descriptor.switches)
        if descriptor.resolve is not None:
            settings = registry.load_target(descriptor.resolve)(settings, switches, self.manifest.samples)
        corpus = {
            "split": self.manifest.split,
            "fingerprint": self.manifest.fingerprint,
            "sample_rate": self.manifest.sample_rate,
            "samples": self.manifest.samples,
        }
        return Cell(
            model=Part(row.model, descriptor.version, freeze(settings)),
            corpus=Part(self.manifest.corpus, self.manifest.version, freeze(corpus)),
            budget=Part(self.budget.name, 1, freeze(training)),
            protocol=Part(self.protocol, 1, freeze(switches)),
            seed=seed,
        )

    def _settings(self, row: Row) -> tuple[dict[str, Any], dict[str, Any]]:
        """Settings of the model and the training part of its budget, with --set applied to whichever has the key."""
        descriptor = registry.get("models", row.model)
        settings = {**descriptor.defaults, **dict(row.settings)}
        training = dict(descriptor.budgets.get(self.budget.name, {}))
        for key, value in self.changes.get(row.model, {}).items():
            part = settings if key in settings else training
            if key not in part:
                raise UnknownNameError(f"setting of {row.model}", key, [*settings, *training])
            part[key] = _cast(f"{row.model}.{key}", part[key], value)
        return settings, training

    def row_view(self, row: Row, cells: Sequence[Cell]) -> dict[str, Any]:
        """What a report needs to know of a row."""
        descriptor = registry.get("models", row.model)
        changed = [f"{key}={value}" for key, value in self.changes.get(row.model, {}).items()]
        paper = descriptor.budgets.get("paper", {})
        training = dict(cells[0].budget.settings)
        return {
            "row": " ".join([row.name, *changed]).replace(",", ";"),
            "model": row.model,
            "published": row.published,
            "cells": [cell.folder for cell in cells],
            "changed": changed,
            "departures": [
                f"{k} {_show(v)} (paper {_show(paper[k])})" for k, v in training.items() if k in paper and v != paper[k]
            ],
        }

    def view(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """The resolved request, as kept in results/views."""
        facts = registry.get("corpora", self.manifest.corpus).info
        return {
            "experiment": self.experiment.name,
            "title": self.experiment.title,
            "table": self.experiment.table,
            "source": self.experiment.source,
            "corpus": self.manifest.corpus,
            "corpus_description": facts.get("description", self.manifest.corpus),
            "incomplete_corpus": self.incomplete,
            "fingerprint": self.manifest.fingerprint,
            "samples": self.manifest.samples,
            "sample_rate": self.manifest.sample_rate,
            "budget": self.budget.name,
            "protocol": self.protocol,
            "split": self.split,
            "clips": list(self.clips),
            "clips_paper": dict(self.experiment.clips)["paper"],
            "limit": self.request.limit,
            "metrics": list(self.experiment.metrics),
            "rows": rows,
        }


def _corpus_changes(name: str, source: Source) -> list[str]:
    """Settings of the corpus that are not its defaults, as a reason against comparing."""
    defaults = registry.get("corpora", name).defaults
    changed = [f"{key}={value}" for key, value in source.settings if value != defaults[key]]
    return [f"corpus settings changed: {'; '.join(changed)}"] if changed else []


def corpus_of(request: Request, experiment: Experiment) -> tuple[Source, Corpus]:
    """The corpus that a request means for an experiment, with --set applied to its settings.

    Raises:
        UnknownNameError: there is no such corpus or setting.
    """
    return open_corpus(request.corpus or experiment.corpus, request.data_root, request.changes)


def open_corpus(name: str, data_root: Path | None, changes: Sequence[str]) -> tuple[Source, Corpus]:
    """A registered corpus at a data root, with "name.key=value" changes of its settings; others are passed over."""
    descriptor = registry.get("corpora", name)
    settings = dict(descriptor.defaults)
    for key, value in _changes(changes).get(name, {}).items():
        if key not in settings:
            raise UnknownNameError(f"setting of {name}", key, settings)
        settings[key] = str(value) if isinstance(settings[key], str) else _cast(f"{name}.{key}", settings[key], value)
    source = Source(None if data_root is None else data_root.resolve(), freeze(settings))
    return source, descriptor.load()(source)


def _changes(texts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """{model: {key: value}} of "model.key=value" texts; a value is JSON where it can be, else text."""
    changes: dict[str, dict[str, Any]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        model, dot, key = name.rpartition(".")
        if not (equals and dot and model and key):
            raise UsageError(f"--set expects model.key=value, such as inr-siren.omega_0=500, got {text!r}.")
        try:
            parsed = json.loads({"none": "null", "None": "null", "True": "true", "False": "false"}.get(value, value))
        except ValueError:
            parsed = value
        changes.setdefault(model, {})[key] = parsed
    return changes


def _cast(name: str, default: Any, value: Any) -> Any:
    """A value in the type of its default, so that 2 and 2.0 make one key."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(default, float) and number:
        return float(value)
    fits = {
        bool: isinstance(value, bool),
        int: isinstance(value, int) and number,
        float: number,
        str: isinstance(value, str),
    }
    if default is not None and value is not None and not fits.get(type(default), True):
        raise UsageError(f"--set {name} expects a {type(default).__name__} such as {default!r}, got {value!r}.")
    return value


def _matches(row: Row, filters: Sequence[str]) -> bool:
    for text in filters:
        key, tilde, part = text.partition("~")
        if not tilde or key not in ("model", "row"):
            raise UsageError(f"-k expects model~text or row~text, got {text!r}.")
        if part.lower() not in (row.model if key == "model" else row.name).lower():
            return False
    return True


def _show(value: Any) -> str:
    return "all" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
