"""The values that a run is made of: cells, rows, experiments, budgets, resources. All frozen, hashable and cheap.

A cell is one fitted thing: model x parameters x corpus x training budget x protocol x seed. Its key is the SHA-256 of
the canonical JSON of the whole resolved specification; locations, device, jobs and logging stay out of it.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hsbench.errors import DataError, UnknownNameError
from hsbench.files import sha256_json

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = 1

Settings = tuple[tuple[str, Any], ...]

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


def freeze(settings: Mapping[str, Any]) -> Settings:
    """A mapping of JSON scalars as a hashable, sorted tuple of pairs."""
    return tuple(sorted(settings.items()))


@dataclass(frozen=True)
class Part:
    """A named, versioned ingredient of a cell with all its resolved settings."""

    name: str
    version: int
    settings: Settings = ()

    def __getitem__(self, key: str) -> Any:
        return dict(self.settings)[key]

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"name": self.name, "version": self.version, "settings": dict(self.settings)}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Part:
        """From JSON.

        Raises:
            ValueError: the name cannot name a folder, or the version is no whole number.
        """
        name, version = document["name"], document["version"]
        if not _NAME.fullmatch(name) or type(version) is not int:
            raise ValueError(f"{name!r}, version {version!r}")
        return cls(name, version, freeze(document["settings"]))


@dataclass(frozen=True)
class Cell:
    """One fitted thing.

    Attributes:
        model: registered model and its whole settings.
        corpus: registered corpus; settings hold the fingerprint of all its splits, sample rate [Hz], samples per clip.
        budget: the training part of the budget for this model.
        protocol: the switches that this model reads.
        seed: keys all randomness, together with clip or step and purpose.
    """

    model: Part
    corpus: Part
    budget: Part
    protocol: Part
    seed: int

    def document(self) -> dict[str, Any]:
        """What the key hashes, as JSON."""
        return {
            "schema": SCHEMA,
            "model": self.model.document(),
            "corpus": self.corpus.document(),
            "budget": self.budget.document(),
            "protocol": self.protocol.document(),
            "seed": self.seed,
        }

    @functools.cached_property
    def key(self) -> str:
        """SHA-256 of the document, hexadecimal."""
        return sha256_json(self.document())

    @property
    def folder(self) -> str:
        """Folder name below results/: readable first, unique by the first 12 digits of the key."""
        return f"{self.model.name}--{self.corpus.name}--{self.budget.name}--s{self.seed}--{self.key[:12]}"

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Cell:
        """From JSON.

        Raises:
            DataError: the schema is newer than this program, or a part is missing.
        """
        schema = document.get("schema") if isinstance(document, dict) else None
        if type(schema) is not int or schema > SCHEMA:
            raise DataError(
                f"this cell has schema {schema!r} and this hsbench reads up to {SCHEMA}; "
                "install a newer hsbench or use another results folder."
            )
        try:
            parts = {name: Part.read(document[name]) for name in ("model", "corpus", "budget", "protocol")}
            if type(document["seed"]) is not int:
                raise ValueError(f"seed {document['seed']!r}")
            return cls(**parts, seed=document["seed"])
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DataError(
                f"a cell's specification lacks or garbles {error}; it was not written by hsbench."
            ) from error


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
        name: label, without commas.
        model: registered name.
        settings: what differs from the model's defaults.
        published: the published row that it answers.
        corpus: the corpus of this row alone; None for the experiment's or the user's.
        training: what differs from the training part of every budget.
        notes: what a reader must know of the row.
    """

    name: str
    model: str
    settings: Settings = ()
    published: str | None = None
    corpus: str | None = None
    training: Settings = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pins:
    """What an experiment fixes and no option may change.

    Attributes:
        budget: its name.
        protocol: its full name.
        device: "cpu" or "cuda".
        threads: CPU threads of each cell.
    """

    budget: str
    protocol: str
    device: str
    threads: int


PAPER_METRICS = ("mse", "lsd", "si_snr", "pesq", "stoi", "cdpam")
"""The six metrics of Table 2 of the HyperSound paper, in its order."""

PAPER_CLIPS = freeze({"smoke": 4, "quick": 16, "standard": 512, "paper": 512})
"""Budget -> clips to score: the paper's 512 at standard and paper, fewer below."""

CHEAP_SMOKE = freeze({"smoke": ("cdpam",)})
"""`left_out` of an experiment that drops the slowest metric under the budget smoke."""


@dataclass(frozen=True)
class Experiment:
    """A view: which rows, clips and metrics, and which published table they answer.

    Attributes:
        name: as registered.
        title: heading of the table.
        rows: in the order shown.
        metrics: registered metric names, in the order shown; the six of the paper by default.
        clips: budget name -> number of clips to score, the first of the evaluation permutation.
        table: table of the published source, or None.
        source: name of the published source below baselines/published.
        split: which part of the corpus is scored: train, validation or all.
        corpus: the default corpus.
        left_out: budget name -> metrics that are not scored there, for their cost.
        pins: what it fixes, or None where everything is the user's choice.
    """

    name: str
    title: str
    rows: tuple[Row, ...]
    metrics: tuple[str, ...] = PAPER_METRICS
    clips: Settings = PAPER_CLIPS
    table: str | None = None
    source: str = "hypersound_2023"
    split: str = "validation"
    corpus: str = "demo"
    left_out: Settings = ()
    pins: Pins | None = None

    def metrics_at(self, budget: str) -> tuple[str, ...]:
        """The metrics that are scored under a budget."""
        out = dict(self.left_out).get(budget, ())
        return tuple(name for name in self.metrics if name not in out)


@dataclass(frozen=True)
class Budget:
    """How much work an experiment may cost; the training part stands in each model's descriptor.

    Attributes:
        name: smoke, quick, standard or paper.
        protocol: the protocol used unless another is asked for.
        timeout: seconds after which a cell is stopped unless --timeout says otherwise; None is never.
        summary: one line.
    """

    name: str
    protocol: str
    timeout: float | None
    summary: str


BUDGETS: Mapping[str, Budget] = MappingProxyType(
    {
        budget.name: budget
        for budget in (
            Budget("smoke", "fixed", 900.0, "an experiment in a minute on 2 CPU cores"),
            Budget("quick", "fixed", 3600.0, "an experiment in up to twenty minutes on 2 CPU cores"),
            Budget("standard", "reference", 6 * 3600.0, "an experiment in up to an hour on one GPU"),
            Budget("paper", "reference", None, "exactly the published training"),
        )
    }
)


def budget(name: str) -> Budget:
    """The budget of a name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in BUDGETS:
        raise UnknownNameError("budget", name, BUDGETS)
    return BUDGETS[name]


def default_budget(device: str) -> str:
    """Return the name of the budget of a request that names none.

    Args:
        device: "cpu" or "cuda".
    """
    return "standard" if device == "cuda" else "quick"


@dataclass(frozen=True)
class Resources:
    """Where and how wide to run; never part of a key.

    Attributes:
        device: "cpu" or "cuda".
        jobs: cells at once.
        threads: CPU threads of each cell.
        timeout: seconds per cell, or None.
        processes: of each cell, which train together.
    """

    device: str = "cpu"
    jobs: int = 1
    threads: int = 1
    timeout: float | None = None
    processes: int = 1
