"""A request meets the registry: every default is filled in, every name is checked, and each row becomes cells.

Nothing here reads results or computes; neither torch nor pandas is imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench import protocols, registry
from hsbench.errors import HsbenchError, UnknownNameError, UsageError
from hsbench.planning import changes, pins
from hsbench.planning.corpus_view import CorpusView, open_corpus
from hsbench.results.view import View, ViewRow
from hsbench.spec import Cell, Part, freeze

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.planning.selection import Selection
    from hsbench.spec import Row, Settings


class Resolved:
    """One experiment with every choice made.

    Args:
        selection: the experiment, what the user asked of it, and the rows that are meant.
        device: "cpu" or "cuda"; the default budget depends on it.

    Attributes:
        metrics: names, in the order shown.
        corpora: name -> corpus, of those that are at hand.
        absent: name -> why a corpus is not at hand, for rows that name a corpus of their own.

    Raises:
        UnknownNameError: a corpus, budget, protocol, model or setting has no such name.
        UsageError: a value is out of range, or nothing is left after filtering.
    """

    def __init__(self, selection: Selection, device: str) -> None:
        self.selection, self.experiment, self.request = selection, selection.experiment, selection.request
        self.budget, self.protocol = pins.budget_and_protocol(
            self.experiment, self.request.budget, self.request.protocol, device
        )
        self.split = self.request.split or self.experiment.split
        self.metrics = self.experiment.metrics_at(self.budget.name)
        self.corpora: dict[str, CorpusView] = {}
        self.absent: dict[str, str] = {}
        self._check_changes()
        self._open_corpora()

    @property
    def group(self) -> str:
        """corpora--budget--protocol, and the split where it is not the experiment's own."""
        corpora = "+".join(self.selection.corpora)
        other = "" if self.split == self.experiment.split else f"--{self.split}"
        return f"{corpora}--{self.budget.name}--{self.protocol}{other}"

    def _open_corpora(self) -> None:
        """Open what the rows need; a corpus that a row names itself may be absent, any other may not."""
        wanted = dict(self.experiment.clips)[self.budget.name]
        wanted = wanted if self.request.limit is None else min(wanted, self.request.limit)
        for name in self.selection.corpora:
            try:
                source, corpus = open_corpus(name, self.request.data_root, self.request.changes)
                self.corpora[name] = CorpusView.of(source, corpus, self.split, wanted)
            except HsbenchError as error:
                if not self.selection.may_be_absent(name):
                    raise
                download = f"hsbench corpus download {name} --data-root DIR"
                self.absent[name] = str(error) if download in str(error) else f"{error} To get it: {download}"

    def _check_changes(self) -> None:
        models = {row.model for row in self.experiment.rows}
        corpora = {*self.selection.corpora, *(row.corpus for row in self.experiment.rows)}
        for model in self.request.changes.keys() - corpora:
            registry.model(model)
            if model not in models:
                raise UsageError(
                    f"--set {model}: no row of {self.experiment.name} uses it; it uses {', '.join(sorted(models))}."
                )

    def cell(self, row: Row, seed: int) -> Cell:
        """Return the cell of a row and seed, with its whole specification.

        A setting that was added after the first release is left out at its neutral value, so that the key of a cell
        of today equals the key that the same cell had before the setting existed.
        """
        descriptor, corpus = registry.model(row.model), self.corpora[self.selection.corpus_of(row)]
        settings, training = self._settings(row)
        switches = protocols.switches(self.protocol, descriptor.switches)
        if descriptor.resolve is not None:
            settings = registry.load_target(descriptor.resolve)(settings, switches, corpus.manifest.samples)
        settings = {key: value for key, value in settings.items() if key not in descriptor.places}
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
        )

    def not_given(self, row: Row) -> str | None:
        """Return what the user has to add before a row can be run, or None."""
        return registry.model(row.model).not_given(self._settings(row)[0])

    def places(self, row: Row) -> Settings:
        """Return where the model of a row finds what it reads."""
        settings, _ = self._settings(row)
        return freeze({key: settings[key] for key in registry.model(row.model).places})

    def _settings(self, row: Row) -> tuple[dict[str, Any], dict[str, Any]]:
        """Settings of the model and the training part of its budget, with --set applied to whichever has the key."""
        descriptor = registry.model(row.model)
        settings = {**descriptor.defaults, **dict(row.settings)}
        training = {**descriptor.budgets.get(self.budget.name, {}), **dict(row.training)}
        for key, value in self.request.changes.get(row.model, {}).items():
            part = settings if key in settings else training
            if key not in part:
                raise UnknownNameError(f"setting of {row.model}", key, [*settings, *training])
            part[key] = changes.cast(f"{row.model}.{key}", part[key], value)
        for key in descriptor.places:
            if settings[key] is not None:
                settings[key] = str(Path(str(settings[key])).expanduser().resolve())
        return settings, training

    def view_row(self, row: Row, cells: Sequence[Cell], *notes: str) -> ViewRow:
        """Return what a report needs to know of a row; where a model finds its files is no change of what is measured.

        Args:
            row: of the experiment.
            cells: its cells, one for each seed; none where the row cannot be run.
            notes: what a reader must know besides the row's own notes.
        """
        descriptor = registry.model(row.model)
        changes_of = self.request.changes.get(row.model, {})
        changed = [f"{key}={value}" for key, value in changes_of.items() if key not in descriptor.places]
        paper = {**descriptor.budgets.get("paper", {}), **dict(row.training)}
        training = descriptor.training_settings(dict(cells[0].budget.settings), self.budget.name) if cells else {}
        return ViewRow(
            name=" ".join([row.name, *changed]).replace(",", ";"),
            model=row.model,
            corpus=self.selection.corpus_of(row),
            published=row.published,
            cells=tuple(cell.folder for cell in cells),
            changed=tuple(changed),
            departures=tuple(
                f"{key} {_show(key, value)} (paper {_show(key, paper[key])})"
                for key, value in training.items()
                if key in paper and value != paper[key]
            ),
            notes=(*row.notes, *notes),
        )

    def view(self, rows: Sequence[ViewRow]) -> View:
        """Return the resolved request, as results/views keeps it."""
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
        )


def _show(key: str, value: Any) -> str:
    if value is None:
        return "all" if key in ("coordinates", "train_clips") else "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
