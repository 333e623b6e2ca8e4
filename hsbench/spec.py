"""Frozen, hashable values that describe a run: cells, rows, experiments, resources. They compute nothing.

A cell is one fitted thing: model, its settings, corpus, training budget, protocol and seed. Its key is the SHA-256 of
the canonical JSON of the whole resolved specification. Locations, device, jobs and logging do not enter the key.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.errors import DataError
from hsbench.files import sha256_json

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = 1

Settings = tuple[tuple[str, Any], ...]

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


def freeze(settings: Mapping[str, Any]) -> Settings:
    """Return a mapping of JSON scalars as a hashable tuple of (name, value) pairs, sorted by name."""
    return tuple(sorted(settings.items()))


@dataclass(frozen=True)
class Part:
    """One ingredient of a cell, such as its model: a registered name, a version and all resolved settings.

    Attributes:
        name: registered name, or the name of a budget or a protocol.
        version: whole number that is raised whenever the numbers of this ingredient change.
        settings: (name, value) pairs, sorted by name.
    """

    name: str
    version: int
    settings: Settings = ()

    def __getitem__(self, key: str) -> Any:
        return dict(self.settings)[key]

    def document(self) -> dict[str, Any]:
        """Return the part as a JSON value."""
        return {"name": self.name, "version": self.version, "settings": dict(self.settings)}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Part:
        """Return the part that a JSON value describes.

        Args:
            document: what `document` returned.

        Raises:
            ValueError: the name cannot be part of a folder's name, or the version is not a whole number.
        """
        name, version = document["name"], document["version"]
        if not _NAME.fullmatch(name) or type(version) is not int:
            raise ValueError(f"{name!r}, version {version!r}")
        return cls(name, version, freeze(document["settings"]))


@dataclass(frozen=True)
class Cell:
    """One fitted thing.

    Attributes:
        model: registered model with all its settings.
        corpus: registered corpus; its settings hold the fingerprint of all splits, the sample rate in Hz and the
            samples per clip.
        budget: training settings of the model under the budget of that name.
        protocol: values of the protocol switches that the model reads.
        seed: seed of the cell; with the clip id or the training step, and the purpose, it determines every random
            number.
        train_corpus: corpus whose training split the model learned from, with the same settings as `corpus`, where it
            is another one than `corpus`; None for `corpus` itself, and for every model that learns nothing.
    """

    model: Part
    corpus: Part
    budget: Part
    protocol: Part
    seed: int
    train_corpus: Part | None = None

    def document(self) -> dict[str, Any]:
        """Return the JSON value that the key hashes."""
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "model": self.model.document(),
            "corpus": self.corpus.document(),
            "budget": self.budget.document(),
            "protocol": self.protocol.document(),
            "seed": self.seed,
        }
        # The part is absent, not null, in a cell without it: cells had their keys before the part existed.
        if self.train_corpus is not None:
            document["train_corpus"] = self.train_corpus.document()
        return document

    # The key is SHA-256(J(D)): D is the document above, J its canonical JSON (hsbench.files.canonical_json).
    #
    # Equal cells have equal keys: J gives every document one spelling, whatever the order in which its settings were
    # declared, and D holds nothing that depends on the machine or on the moment.
    # Different cells have different keys: D lists every part with its version and all settings, so two cells that
    # differ have different documents; J is injective (see there), so the two texts differ; and no two different texts
    # with the same SHA-256 are known.
    # External inputs enter D by their content: a corpus by its fingerprint, a weight file or a folder by its SHA-256.
    # Moving them changes no key, and changing one byte of them does.
    #
    # The name of a folder holds the first 12 hexadecimal digits of the key, 48 bits. Among n cells, the chance that two
    # of them share these digits is about n^2 / 2^49 (birthday bound): 2e-7 for 10 000 cells, and to share a folder
    # they must also have the same model, corpus, budget and seed.

    @functools.cached_property
    def key(self) -> str:
        """SHA-256 of the canonical JSON of the document, hexadecimal."""
        return sha256_json(self.document())

    @property
    def folder(self) -> str:
        """Name of the cell's folder below results/: a readable part, then the first 12 digits of the key."""
        return f"{self.model.name}--{self.corpus.name}--{self.budget.name}--s{self.seed}--{self.key[:12]}"

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Cell:
        """Return the cell that a JSON value describes.

        Args:
            document: what `document` returned, usually read from spec.json.

        Raises:
            DataError: the schema is newer than this version of hsbench, or a part is missing or malformed.
        """
        schema = document.get("schema") if isinstance(document, dict) else None
        if type(schema) is not int or schema > SCHEMA:
            raise DataError(
                f"this cell has schema {schema!r:.40} and this hsbench reads up to {SCHEMA}; "
                "install a newer hsbench or use another results folder."
            )
        try:
            parts = {name: Part.read(document[name]) for name in ("model", "corpus", "budget", "protocol")}
            if type(document["seed"]) is not int:
                raise ValueError(f"seed {document['seed']!r}")
            train_corpus = _read_train_corpus(document["train_corpus"], parts) if "train_corpus" in document else None
            return cls(**parts, seed=document["seed"], train_corpus=train_corpus)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DataError(
                f"a cell's specification lacks or garbles {error}; it was not written by hsbench."
            ) from error


def _read_train_corpus(document: Mapping[str, Any], parts: Mapping[str, Part]) -> Part:
    """Return the training corpus of a cell.

    Args:
        document: what `Part.document` returned.
        parts: the other parts of the cell, by name.

    Raises:
        KeyError, TypeError, AttributeError, ValueError: the part is malformed, is no corpus that a model for the scored
            clips can be trained on, or is the scored corpus itself.
    """
    part, scored = Part.read(document), parts["corpus"]
    fingerprint, rate, samples = (part[name] for name in ("fingerprint", "sample_rate", "samples"))
    possible = (
        part != scored
        and type(fingerprint) is str
        and type(rate) is int
        and type(samples) is int
        and rate == scored["sample_rate"]
        and samples >= scored["samples"]
    )
    if not possible:
        raise ValueError(f"train_corpus {str(document)[:200]} of a cell that is scored on {scored.name!r}")
    return part


@dataclass(frozen=True)
class Row:
    """One row of a table: a model with its settings.

    Attributes:
        name: label of the row, without commas.
        model: registered name of the model.
        settings: settings that differ from the model's defaults.
        published: name of the published row to compare with, or None.
        corpus: corpus of this row alone; None for the corpus of the experiment or of the user.
        split: split that this row's clips come from; the plan fills it in where a table shows clips of both splits.
        training: training settings that differ from those of the model's budgets, under every budget.
        quick: training settings that differ under the budget `quick` alone, where minutes count.
        switches: protocol switches of this row alone, for experiments on the switches themselves; the others have the
            values of the protocol.
        notes: remarks that tables print beside the row.
    """

    name: str
    model: str
    settings: Settings = ()
    published: str | None = None
    corpus: str | None = None
    training: Settings = ()
    notes: tuple[str, ...] = ()
    split: str | None = None
    quick: Settings = ()
    switches: Settings = ()


@dataclass(frozen=True)
class Pins:
    """Choices that an experiment fixes, so that no option of the user may change them.

    Attributes:
        budget: name of the budget.
        protocol: full name of the protocol, such as "fixed-1".
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
"""Budget -> number of clips to score: the 512 of the paper under `standard` and `paper`, fewer under the others."""

FLOOR_MODELS = ("noise", "silence")
"""Models that know nothing of a clip but its level; a method that scores no better has learned nothing."""

COLUMNS = (
    "kbps",
    "side_kbps",
    "shared_kbps",
    "operations",
    "step_operations",
    "steps_to_20_db",
    "seconds",
    "border_error",
)
"""Further columns that an experiment can ask for: kbit/s of streams, of their side information, and of what clips
share; operations to encode a clip and of one step of its fit, steps to an SI-SNR of 20 dB, seconds per clip, border
error."""

CHEAP_SMOKE = freeze({"smoke": ("cdpam",)})
"""Value of `left_out` for an experiment that does not compute the slowest metric under the budget `smoke`."""


@dataclass(frozen=True)
class Experiment:
    """A table or figure: its rows, clips and metrics, and the published table to compare with.

    Attributes:
        name: registered name.
        title: heading of the table.
        rows: rows in the order in which the table shows them.
        metrics: registered metric names, in the order of the columns; the six metrics of the paper by default.
        clips: (budget, number of clips to score) pairs; the clips are the first ones of the evaluation permutation.
        table: identifier of the published table, such as "2b", or None.
        source: name of the published source, a file below baselines/published.
        split: part of the corpus that is scored: "train", "validation" or "all".
        corpus: name of the default corpus.
        corpus_settings: (name of a corpus, settings) pairs: settings that differ from the corpus's defaults unless the
            user changes them.
        left_out: (budget, metrics) pairs: metrics that are too expensive to be computed under that budget.
        pins: choices that the experiment fixes, or None where all of them are the user's.
        columns: further columns of the table, some of COLUMNS.
        seen: budgets under which each model that learns is also scored on the clips that it was trained on.
        seen_alone: budgets under which every row is scored on clips that all trainings use, and on no others.
        parallel: whether as many cells as the machine has cores are computed at the same time on a CPU, unless the user
            says how many; for experiments of many cells, each of which is faster on one core than half as fast on two.
            On a GPU one cell is computed at a time.
        page: whether a run ends with a summary in sentences and an HTML report.
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
    corpus_settings: tuple[tuple[str, Settings], ...] = ()
    left_out: Settings = ()
    pins: Pins | None = None
    columns: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    seen_alone: tuple[str, ...] = ()
    parallel: bool = False
    page: bool = False

    def metrics_at(self, budget: str) -> tuple[str, ...]:
        """Return the metrics that are computed under a budget."""
        out = dict(self.left_out).get(budget, ())
        return tuple(name for name in self.metrics if name not in out)


@dataclass(frozen=True)
class Resources:
    """Where a run computes and how much of it in parallel; resources never enter a key.

    Attributes:
        device: "cpu" or "cuda".
        jobs: number of cells that are computed at the same time.
        threads: CPU threads of each cell.
        timeout: seconds after which a cell is stopped, or None for no limit.
        processes: number of processes of each cell, which train one network together.
        eager: whether a CUDA device runs networks without compiling them and without CUDA graphs.
    """

    device: str = "cpu"
    jobs: int = 1
    threads: int = 1
    timeout: float | None = None
    processes: int = 1
    eager: bool = False
