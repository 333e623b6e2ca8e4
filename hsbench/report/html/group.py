"""One group of an experiment, read once for all its pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hsbench.files import sha256_bytes
from hsbench.report.table import ABSENT, Table, build

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hsbench.results.store import CellFolder, Results

    Scores = Mapping[tuple[str, str, int], Mapping[str, Any]]


@dataclass
class Fit:
    """One cell as a row of a table shows it.

    Attributes:
        row: the row's name, with the seed where there are several.
        corpus: registered name.
        folder: of the cell.
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
    """A corpus, budget and protocol of an experiment.

    Attributes:
        experiment: name.
        name: of the group.
        table: its table.
        fits: its cells, row by row and seed by seed.
        references: (fingerprint, clip) -> facts of the original.
    """

    experiment: str
    name: str
    table: Table
    fits: list[Fit] = field(default_factory=list)
    references: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        """Names its files; no two groups share one."""
        return slug(f"{self.experiment}--{self.name}")

    @property
    def corpora(self) -> list[tuple[str, Mapping[str, Any]]]:
        """(name, ground) of every corpus that is at hand, in the order of rows."""
        names = dict.fromkeys(row["corpus"] for row in self.table.request["rows"])
        return [(name, self.ground(name)) for name in names if self.ground(name)["clips"]]

    def ground(self, corpus: str) -> Mapping[str, Any]:
        """What the view says of a corpus."""
        found: Mapping[str, Any] = self.table.request["corpora"].get(corpus, ABSENT)
        return found

    def on(self, corpus: str) -> list[Fit]:
        """The cells of one corpus."""
        return [fit for fit in self.fits if fit.corpus == corpus]

    def clip_page(self, corpus: str, clip: str) -> str:
        """Where the page of a clip is."""
        return f"clips/{self.slug}/{slug(corpus)}/{slug(clip)}.html"

    def scores_page(self, corpus: str, metric: str) -> str:
        """Where the page of one metric's values is."""
        return f"scores/{self.slug}/{slug(corpus)}/{slug(metric)}.html"


def read(results: Results, experiment: str, name: str, baselines: Path | None) -> Group:
    """Read a group and make its table.

    Raises:
        DataError: results or baselines are garbled.
    """
    request = results.view(experiment)["groups"][name]
    fits = []
    for row in request["rows"]:
        for seed, cell in enumerate(row["cells"]):
            label = f"{row['row']}, seed {seed}" if len(row["cells"]) > 1 else row["row"]
            fits.append(Fit(label, row["corpus"], results.folder(cell), cell))
    return Group(experiment, name, build(request, results, baselines), fits, results.references())


def slug(name: str) -> str:
    """A file name of letters, digits, ".", "_", "-" and "+"; a name that has others gets a few digits of its hash."""
    plain = re.sub(r"[^A-Za-z0-9._+-]", "-", name)
    return plain if plain == name and not name.startswith(".") else f"x{plain}-{sha256_bytes(name.encode())[:8]}"
