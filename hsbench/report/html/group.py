"""One view with its table and its cells, read once for all its pages."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hsbench.analysis.frame import value_and_status
from hsbench.files import sha256_bytes
from hsbench.report.table import Table, TableRow, build
from hsbench.results.view import ABSENT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hsbench.metrics.base import MetricInfo
    from hsbench.results.cell_folder import CellFolder
    from hsbench.results.store import Results
    from hsbench.results.view import View, ViewCorpus

    Scores = Mapping[tuple[str, str, int], Mapping[str, Any]]


LONGEST = 160
"""Largest number of characters of a name that becomes a file name; file systems allow 255 bytes."""


@dataclass
class Fit:
    """One cell as a row of a table shows it.

    Attributes:
        row: name of the row, with the seed where the row has several.
        corpus: registered name of the corpus.
        folder: folder of the cell.
        name: name of that folder.
        shown: the row of the table.
        clips: identifiers of the clips that the row scores; two rows of one table can have different clips.
    """

    row: str
    corpus: str
    folder: CellFolder
    name: str
    shown: TableRow
    clips: frozenset[str]

    @cached_property
    def scores(self) -> Scores:
        """(clip, metric, version) -> score."""
        return self.folder.scores()

    def score(self, clip: str, metric: MetricInfo) -> tuple[float | None, str]:
        """Return value and status of one score; the value is None where there is none."""
        return value_and_status(self.scores, clip, metric.name, metric.version)

    @cached_property
    def reconstructions(self) -> Mapping[str, Mapping[str, Any]]:
        """Identifier of a clip -> facts of its reconstruction."""
        return self.folder.reconstructions()


@dataclass
class Group:
    """One view with its table and its cells.

    Attributes:
        table: the table of the view.
        fits: the cells of the view, row by row and seed by seed.
        references: (fingerprint of the corpus, clip) -> facts of the original.
    """

    table: Table
    fits: list[Fit] = field(default_factory=list)
    references: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)

    @property
    def view(self) -> View:
        """The view that the table shows."""
        return self.table.view

    @property
    def slug(self) -> str:
        """Name of the view in paths and links; no two views of a report have the same."""
        return slug(f"{self.view.experiment}--{self.view.group}")

    @property
    def place(self) -> str:
        """Experiment, corpora and budget, for the titles of pages: "table2b, demo, quick"."""
        return ", ".join([self.view.experiment, *self.view.row_corpora(), self.view.budget])

    @property
    def corpora(self) -> dict[str, ViewCorpus]:
        """Name -> corpus with the clips of all its rows, for every corpus that has any, in the order of the rows."""
        return {name: corpus for name in self.view.row_corpora() if (corpus := self.corpus(name)).clips}

    def corpus(self, name: str) -> ViewCorpus:
        """Return a corpus as the view describes it, with the clips of all its rows; ABSENT where it was not available.

        The clips stand in evaluation order, those of the first row first.
        """
        rows = (row for row in self.view.rows if row.corpus == name)
        clips = dict.fromkeys(clip for row in rows for clip in self.view.corpus(row).clips)
        return dataclasses.replace(self.view.corpora.get(name, ABSENT), clips=tuple(clips))

    def on(self, corpus: str) -> list[Fit]:
        """Return the cells of one corpus."""
        return [fit for fit in self.fits if fit.corpus == corpus]

    def floor(self, clip: str | None = None) -> dict[str, list[str]]:
        """Return what is said of rows that score no better than silence -> their names, in the order of the rows.

        Args:
            clip: identifier of a clip, to which the rows are limited; None for all rows.
        """
        sentences: dict[str, list[str]] = {}
        for view_row, row in zip(self.view.rows, self.table.rows, strict=True):
            if row.below_floor and (clip is None or clip in self.view.corpus(view_row).clips):
                sentences.setdefault(row.below_floor, []).append(row.name)
        return sentences

    def first_cell(self, row: str) -> str | None:
        """Return the name of a row's first cell; None for a row without cells."""
        cells = next(view_row.cells for view_row in self.view.rows if view_row.name == row)
        return cells[0] if cells else None

    def reference(self, corpus: ViewCorpus, clip: str) -> Mapping[str, Any]:
        """Return the facts of a clip's original; empty where the results folder has none."""
        return self.references.get((corpus.fingerprint, clip), {})

    def clip_page(self, corpus: str, clip: str) -> str:
        """Return the path of a clip's page in the report."""
        return f"clips/{self.slug}/{slug(corpus)}/{slug(clip)}.html"

    def scores_page(self, corpus: str, metric: str) -> str:
        """Return the path of the page with one metric's values in the report."""
        return f"scores/{self.slug}/{slug(corpus)}/{slug(metric)}.html"


def read(results: Results, view: View, baselines: Path | None) -> Group:
    """Read the cells of a view and build its table.

    Args:
        results: the results folder that holds the cells of the view.
        view: the view that is shown.
        baselines: folder with published numbers that the user named, or None.

    Raises:
        DataError: results or baselines are garbled.
    """
    fits, table = [], build(view, results, baselines)
    for row, shown in zip(view.rows, table.rows, strict=True):
        clips = frozenset(view.corpus(row).clips)
        for seed, cell in enumerate(row.cells):
            label = f"{row.name}, seed {seed}" if len(row.cells) > 1 else row.name
            fits.append(Fit(label, row.corpus, results.folder(cell), cell, shown, clips))
    return Group(table, fits, results.references())


def slug(name: str) -> str:
    """Return a file name of letters, digits, ".", "_", "-" and "+", short enough for every file system.

    A name with other characters, or with more than LONGEST of them, gets eight digits of its SHA-256, so that different
    names stay different.
    """
    plain = re.sub(r"[^A-Za-z0-9._+-]", "-", name)
    if plain == name and not name.startswith(".") and len(name) <= LONGEST:
        return plain
    return f"x{plain[:LONGEST]}-{sha256_bytes(name.encode(errors='surrogatepass'))[:8]}"
