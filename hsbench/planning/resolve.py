"""Resolve a request: fill in every default, check every name, and turn each row into cells.

No results are read and nothing is computed here; neither torch nor pandas is imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench import protocols, registry
from hsbench.errors import HsbenchError, UnknownNameError, UsageError
from hsbench.planning import changes, definition, pins, seen
from hsbench.planning.clip_manifest import read_manifest
from hsbench.planning.corpus_view import CorpusView, open_corpus
from hsbench.planning.selection import matches
from hsbench.planning.training_corpus import TrainingCorpus
from hsbench.results.view import View, ViewRow
from hsbench.spec import Cell, Part, freeze

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.planning.selection import Selection
    from hsbench.spec import Row, Settings

FINEST = ("precision", "fp32")
"""Training setting that tables do not name as a departure from the paper, since no other rounds less."""


class Resolved:
    """One experiment of a request with budget, protocol, corpora and metrics decided.

    Args:
        selection: the experiment, the request, and the rows to run.
        device: "cpu" or "cuda"; the default budget depends on it.

    Attributes:
        metrics: registered names of the metrics to score, in the order shown.
        rows: the rows to run, in the order shown; models that learn come twice where the experiment shows seen clips.
        corpora: name -> the corpus with its chosen clips, for every corpus that could be opened.
        absent: name -> why a corpus could not be opened; only corpora that single rows name themselves.
        train_corpus: the corpus that models learn from, where the user named another one than the scored corpus.

    Raises:
        UnknownNameError: a corpus, budget, protocol, model or setting has no such name.
        UsageError: a value is out of range, or nothing is left after filtering.
    """

    def __init__(self, selection: Selection, device: str) -> None:
        self.selection, self.experiment, self.request = selection, selection.experiment, selection.request
        self.budget, self.protocol = pins.budget_and_protocol(
            self.experiment, self.request.budget, self.request.protocol, device
        )
        self._own_split = seen.SEEN if self.budget.name in self.experiment.seen_alone else self.experiment.split
        self.split = self.request.split or self._own_split
        self.metrics = self.experiment.metrics_at(self.budget.name)
        self.corpora: dict[str, CorpusView] = {}
        self.absent: dict[str, str] = {}
        self._check_changes()
        self._open_corpora()
        self.rows = self._rows()
        self.train_corpus = self._open_train_corpus()

    @property
    def group(self) -> str:
        """Name of the group of results: corpora--budget--protocol.

        The split follows unless it is the default, and the training corpus where it is not the scored one.
        """
        corpora = "+".join(self.selection.corpora)
        other = "" if self.split == self._own_split else f"--{self.split}"
        trained = "" if self.train_corpus is None else f"--trained-on-{self.train_corpus.manifest.corpus}"
        return f"{corpora}--{self.budget.name}--{self.protocol}{other}{trained}"

    def _open_corpora(self) -> None:
        """Open the corpora of the rows; a corpus that single rows name themselves may be absent, others may not.

        Raises:
            HsbenchError: a corpus that may not be absent cannot be opened.
        """
        wanted = definition.clips_at(self.experiment, self.budget.name)
        wanted = wanted if self.request.limit is None else min(wanted, self.request.limit)
        added, wanted = self._seen_clips(wanted)
        fixed = None if self.request.manifest is None else read_manifest(self.request.manifest)
        if fixed is not None and fixed.corpus not in self.selection.corpora:
            raise UsageError(
                f"--manifest names clips of corpus {fixed.corpus}, and {self.experiment.name} is run on "
                f"{', '.join(self.selection.corpora)}; give a manifest of that corpus, or --corpus {fixed.corpus}."
            )
        for name in self.selection.corpora:
            try:
                source, corpus = open_corpus(name, self.request.data_root, self._corpus_changes())
                view = CorpusView.of(source, corpus, self.split, wanted, fixed)
                self.corpora[name] = view.with_seen(corpus, added) if added else view
            except HsbenchError as error:
                if not self.selection.may_be_absent(name):
                    raise
                download = f"hsbench corpus download {name} --data-root DIR"
                self.absent[name] = str(error) if download in str(error) else f"{error} To get it: {download}"

    def _corpus_changes(self) -> dict[str, dict[str, Any]]:
        """Return the changed settings of each corpus: the user's, and the experiment's own where the user has none."""
        own = {name: dict(settings) for name, settings in self.experiment.corpus_settings}
        users = self.request.changes
        return {name: {**own.get(name, {}), **users.get(name, {})} for name in {*own, *users}}

    def _seen_clips(self, wanted: int) -> tuple[int, int]:
        """Return how many seen clips are scored in addition, and how many clips the experiment scores by itself.

        None are added, and none are left out because a training does not use them, where the user chose the clips or
        where models learn from another corpus than the scored one.

        Args:
            wanted: largest number of clips to score.
        """
        chosen = self.request.split or self.request.manifest or self.selection.train_corpus
        alone, beside = (self.budget.name in budgets for budgets in (self.experiment.seen_alone, self.experiment.seen))
        trainings = [self._settings(row)[1] for row in self.selection.rows if self._learns(row)]
        if chosen or not trainings or not (alone or (beside and self.split == seen.HELD_OUT)):
            return 0, wanted
        used = seen.count(wanted, trainings)
        return (0, used) if alone else (used, wanted)

    def _rows(self) -> tuple[Row, ...]:
        """Return the rows to run: those of the selection, on seen and on held-out clips where both are scored."""
        rows: list[Row] = []
        for row in self.selection.rows:
            corpus = self.corpora.get(self.selection.corpus_of(row))
            shown = seen.both(row, learns=self._learns(row)) if corpus is not None and corpus.splits else [row]
            rows += shown if self.split == seen.HELD_OUT else [row]
        return tuple(row for row in rows if matches(row, self.request.filters))

    def _learns(self, row: Row) -> bool:
        """Return whether a row's model learns from a training split."""
        return registry.model(row.model).learns(self._settings(row)[0])

    def _open_train_corpus(self) -> TrainingCorpus | None:
        """Open the training corpus of the request; None where every row is scored on the corpus that it learns from.

        Raises:
            HsbenchError: the corpus cannot be opened, no row learns from it, or a model that is trained on it cannot be
                scored on the corpus of a row.
        """
        if (name := self.selection.train_corpus) is None:
            return None
        rows = [row for row in self.selection.rows if self._learns_elsewhere(row)]
        if not rows:
            raise UsageError(
                f"--train-corpus {name} expects a row whose model learns from a training split, and no selected row of "
                f"{self.experiment.name} does; leave the option out."
            )
        corpus = TrainingCorpus.open(name, self.request.data_root, self._corpus_changes())
        for scored in dict.fromkeys(map(self.selection.corpus_of, rows)):
            if scored in self.corpora:
                corpus.require_format(self.corpora[scored].manifest)
        return corpus

    def _learns_elsewhere(self, row: Row) -> bool:
        """Return whether a row's model learns, and from another corpus than the scored one."""
        if self.selection.train_corpus_of(row) is None:
            return False
        return self._learns(row)

    def train_corpus_of(self, row: Row) -> TrainingCorpus | None:
        """Return the corpus that a row's model learns from; None: the scored one, or the model learns nothing."""
        return self.train_corpus if self._learns_elsewhere(row) else None

    def _check_changes(self) -> None:
        """Check that every changed setting belongs to a model or corpus of the experiment.

        Raises:
            UnknownNameError: there is no such model.
            UsageError: no row of the experiment uses the model.
        """
        models = {row.model for row in self.experiment.rows}
        corpora = {*self.selection.corpora, *(row.corpus for row in self.experiment.rows), self.request.train_corpus}
        for model in self.request.changes.keys() - corpora:
            registry.model(model)
            if model not in models:
                raise UsageError(
                    f"--set {model}: no row of {self.experiment.name} uses it; it uses {', '.join(sorted(models))}."
                )

    def cell(self, row: Row, seed: int) -> Cell:
        """Return the cell of a row and a seed, with its complete specification.

        A setting that was added after the first release is omitted while it has its neutral value. The key of the
        cell is therefore the one that the same cell had before the setting existed.

        Args:
            row: row of the experiment.
            seed: seed of all random numbers of the cell.
        """
        descriptor, corpus = registry.model(row.model), self.corpora[self.selection.corpus_of(row)]
        settings, training = self._settings(row)
        settings = descriptor.from_hz(settings, corpus.manifest.samples, corpus.manifest.sample_rate)
        switches = {**protocols.switches(self.protocol, descriptor.switches), **dict(row.switches)}
        if descriptor.resolve is not None:
            resolve = registry.call(descriptor, registry.load_target, descriptor.resolve)
            settings = registry.call(descriptor, resolve, settings, switches, corpus.manifest.samples)
        training = descriptor.effective_training(settings, training)
        settings = {key: value for key, value in settings.items() if key not in descriptor.places}
        train_corpus = self.train_corpus_of(row)
        content = {
            "fingerprint": corpus.fingerprint,
            "sample_rate": corpus.manifest.sample_rate,
            "samples": corpus.manifest.samples,
        }
        return Cell(
            model=Part(row.model, descriptor.version, freeze(descriptor.key_settings(settings))),
            corpus=Part(corpus.manifest.corpus, corpus.manifest.version, freeze(content)),
            budget=Part(self.budget.name, 1, freeze(descriptor.key_settings(training))),
            protocol=Part(self.protocol, 1, freeze(switches)),
            seed=seed,
            train_corpus=None if train_corpus is None else train_corpus.part(),
        )

    def not_given(self, row: Row) -> str | None:
        """Return the option that the user has to add before a row can be run; None if nothing is missing."""
        return registry.model(row.model).not_given(self._settings(row)[0])

    def places(self, row: Row) -> Settings:
        """Return the settings of a row's model that hold paths, which are not part of the key."""
        settings, _ = self._settings(row)
        return freeze({key: settings[key] for key in registry.model(row.model).places})

    def _settings(self, row: Row) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the settings of the model and those of its training, both with the changes of the request applied."""
        descriptor = registry.model(row.model)
        settings = {**descriptor.defaults, **dict(row.settings)}
        training = {**descriptor.budgets.get(self.budget.name, {}), **dict(row.training)}
        training |= dict(row.quick) if self.budget.name == "quick" else {}
        for key, value in self.request.changes.get(row.model, {}).items():
            if key in descriptor.in_hz:
                settings[key] = changes.cast(f"{row.model}.{key}", 1.0, value)
                continue
            part = settings if key in settings else training
            if key not in part:
                raise UnknownNameError(f"setting of {row.model}", key, [*settings, *training, *descriptor.in_hz])
            part[key] = changes.cast(f"{row.model}.{key}", part[key], value)
            for hz in (name for name, target in descriptor.in_hz.items() if target == key):
                settings.pop(hz, None)  # a frequency in Hz of the row would replace what the user set
        for key in descriptor.places:
            if settings[key] is not None:
                settings[key] = str(Path(str(settings[key])).expanduser().resolve())
        return settings, training

    def view_row(self, row: Row, cells: Sequence[Cell], *notes: str) -> ViewRow:
        """Return a row in the form in which the view is stored, with what a report needs to know about it.

        Settings that hold paths are not listed as changed: they do not alter what is measured.

        Args:
            row: row of the experiment.
            cells: its cells, one for each seed; empty if the row cannot be run.
            notes: sentences for the reader, added to the row's own notes.
        """
        descriptor = registry.model(row.model)
        model_changes = self.request.changes.get(row.model, {})
        changed = [f"{key}={value}" for key, value in model_changes.items() if key not in descriptor.places]
        paper = {**descriptor.budgets.get("paper", {}), **dict(row.training)}
        training = {}
        if cells:
            training = descriptor.training_settings(dict(cells[0].budget.settings), self.budget.name)
            paper = descriptor.effective_training(descriptor.model_settings(dict(cells[0].model.settings)), paper)
        return ViewRow(
            name=row.name.replace(",", ";"),
            model=row.model,
            corpus=self.selection.corpus_of(row),
            published=row.published,
            cells=tuple(cell.folder for cell in cells),
            changed=tuple(changed),
            departures=tuple(
                f"{key} {_show(key, value)} (paper {_show(key, paper[key])})"
                for key, value in training.items()
                if key in paper and value != paper[key] and (key, value) != FINEST
            ),
            notes=(*row.notes, *notes),
            trained_on=self.selection.train_corpus_of(row) if self._learns_elsewhere(row) else None,
            split=row.split,
        )

    def view(self, rows: Sequence[ViewRow]) -> View:
        """Return the resolved experiment in the form in which results/views stores it.

        Args:
            rows: the rows to run, as `view_row` returns them.
        """
        return View(
            group=self.group,
            experiment=self.experiment.name,
            title=self.experiment.title,
            table=self.experiment.table,
            source=self.experiment.source,
            corpora={name: corpus.stored() for name, corpus in self.corpora.items()},
            absent=self.absent,
            budget=self.budget.name,
            protocol=self.protocol,
            split=self.split,
            clips_paper=dict(self.experiment.clips)["paper"],
            limit=self.request.limit,
            metrics=tuple(self.metrics),
            rows=tuple(rows),
            columns=tuple(self.experiment.columns),
            train_corpus=None if self.train_corpus is None else self.train_corpus.stored(),
        )


def _show(key: str, value: Any) -> str:
    """Return the value of a training setting as text."""
    if value is None:
        return "all" if key in ("coordinates", "train_clips") else "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
