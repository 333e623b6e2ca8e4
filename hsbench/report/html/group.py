"""One view of an experiment, read once for all its pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hsbench.files import sha256_bytes
from hsbench.report.table import Table, build
from hsbench.results.view import ABSENT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hsbench.results.cell_folder import CellFolder
    from hsbench.results.store import Results
    from hsbench.results.view import View, ViewCorpus

    Scores = Mapping[tuple[str, str, int], Mapping[str, Any]]


@dataclass
class Fit:
    """One cell as a row of a table shows it.

    Attributes:
        row: the row's name, with the seed where there are several.
        corpus: registered name.
        folder: of the cell.
        name: of that folder.
    """

    row: str
    corpus: str
    folder: CellFolder
    name: str

    @cached_property
    def scores(self) -> Scores:
        """(clip, metric, version) -> its row."""
        return self.folder.scores()

    @cached_property
    def reconstructions(self) -> Mapping[str, Mapping[str, Any]]:
        """Clip id -> its row."""
        return self.folder.reconstructions()


@dataclass
class Group:
    """One view, with its table and its cells.

    Attributes:
        table: of the view.
        fits: its cells, row by row and seed by seed.
        references: (fingerprint, clip) -> facts of the original.
    """

    table: Table
    fits: list[Fit] = field(default_factory=list)
    references: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)

    @property
    def view(self) -> View:
        """What was asked for."""
        return self.table.view

    @property
    def slug(self) -> str:
        """Names its files; no two groups share one."""
        return slug(f"{self.view.experiment}--{self.view.group}")

    @property
    def corpora(self) -> dict[str, ViewCorpus]:
        """Name -> corpus, of every corpus of the rows that has clips, in the order of rows."""
        return {name: corpus for name in self.view.row_corpora() if (corpus := self.corpus(name)).clips}

    def corpus(self, name: str) -> ViewCorpus:
        """What the view says of a corpus; ABSENT where it was not at hand."""
        return self.view.corpora.get(name, ABSENT)

    def on(self, corpus: str) -> list[Fit]:
        """The cells of one corpus."""
        return [fit for fit in self.fits if fit.corpus == corpus]

    def clip_page(self, corpus: str, clip: str) -> str:
        """Where the page of a clip is."""
        return f"clips/{self.slug}/{slug(corpus)}/{slug(clip)}.html"

    def scores_page(self, corpus: str, metric: str) -> str:
        """Where the page of one metric's values is."""
        return f"scores/{self.slug}/{slug(corpus)}/{slug(metric)}.html"


def read(results: Results, view: View, baselines: Path | None) -> Group:
    """Read the cells of a view and make its table.

    Raises:
        DataError: results or baselines are garbled.
    """
    fits = []
    for row in view.rows:
        for seed, cell in enumerate(row.cells):
            label = f"{row.name}, seed {seed}" if len(row.cells) > 1 else row.name
            fits.append(Fit(label, row.corpus, results.folder(cell), cell))
    return Group(build(view, results, baselines), fits, results.references())


def slug(name: str) -> str:
    """A file name of letters, digits, ".", "_", "-" and "+"; a name that has others gets a few digits of its hash."""
    plain = re.sub(r"[^A-Za-z0-9._+-]", "-", name)
    return plain if plain == name and not name.startswith(".") else f"x{plain}-{sha256_bytes(name.encode())[:8]}"
