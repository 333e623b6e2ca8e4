"""A job: the complete input of the worker process of one cell, written as a JSON file.

Every engine writes this file into the cell's folder and starts the same command on it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench.corpora.base import Source
from hsbench.errors import DataError
from hsbench.files import read_json, write_json
from hsbench.results.schema import known_schema
from hsbench.spec import SCHEMA, Cell, Settings, freeze

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Job:
    """The work on one cell and the resources for it.

    Attributes:
        cell: specification of the cell.
        clips: identifiers of the clips to rebuild and score, of any split, in evaluation order.
        metrics: registered names of the metrics to score.
        device: "cpu" or "cuda".
        threads: number of CPU threads.
        source: data root and settings with which the corpus is opened.
        imports: absolute paths of Python files that register plug-ins.
        command: command line of the run, kept as provenance.
        places: settings of the model that hold paths, such as a folder of reconstructions; they are not in the key.
        train_source: data root and settings with which the cell's training corpus is opened; None for a cell without
            one.
        network: file with the trained network of the cell, or of its base, which is adopted in place of a training;
            None to train.
        eager: whether a CUDA device runs networks without compiling them and without CUDA graphs.
    """

    cell: Cell
    clips: tuple[str, ...]
    metrics: tuple[str, ...]
    device: str
    threads: int
    source: Source = field(default_factory=Source)
    imports: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    places: Settings = ()
    train_source: Source | None = None
    network: str | None = None
    eager: bool = False

    def document(self) -> dict[str, Any]:
        """Return the job as a JSON document."""
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "spec": self.cell.document(),
            "clips": list(self.clips),
            "metrics": list(self.metrics),
            "device": self.device,
            "threads": self.threads,
            "source": _document_of(self.source),
            "imports": list(self.imports),
            "command": list(self.command),
            "places": dict(self.places),
        }
        if self.train_source is not None:
            document["train_source"] = _document_of(self.train_source)
        if self.network is not None:
            document["network"] = self.network
        if self.eager:
            document["eager"] = True
        return document

    def write(self, path: Path) -> None:
        """Write the job to a JSON file."""
        write_json(path, self.document())

    @classmethod
    def read(cls, path: Path) -> Job:
        """Read a job from a JSON file.

        Raises:
            DataError: the file is missing, or is not a job file.
        """
        try:
            document = known_schema(path, read_json(path))
            lists: dict[str, Any] = {name: tuple(document[name]) for name in ("clips", "metrics", "imports", "command")}
            facts: dict[str, Any] = {name: document[name] for name in ("device", "threads")}
            facts["eager"] = bool(document.get("eager", False))
            facts |= {"source": _source_of(document["source"]), "places": freeze(document.get("places", {}))}
            cell = Cell.read(document["spec"])
            if cell.train_corpus is not None:
                facts["train_source"] = _source_of(document["train_source"])
            if (network := document.get("network")) is not None and not isinstance(network, str):
                raise TypeError(f"network {network!r}")
            facts["network"] = network
            return cls(cell, **lists, **facts)
        except FileNotFoundError as error:
            raise DataError(
                f"there is no job file {path}; write one with: hsbench plan EXPERIMENT --format json"
            ) from error
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"{path} is not a job file ({error!r}); write one with: hsbench plan EXPERIMENT --format json"
            ) from error


def _document_of(source: Source) -> dict[str, Any]:
    """Return data root and settings of a corpus as a JSON document."""
    root = None if source.data_root is None else str(source.data_root)
    return {"data_root": root, "settings": dict(source.settings)}


def _source_of(document: Mapping[str, Any]) -> Source:
    """Return the data root and settings that a JSON document holds; raises KeyError, TypeError or AttributeError."""
    root = document["data_root"]
    return Source(None if root is None else Path(root), freeze(document["settings"]))


def command(folder: Path, job: Path, processes: int = 1) -> list[str]:
    """Return the command that starts the worker of a cell.

    Args:
        folder: folder of the cell.
        job: path of the job file.
        processes: number of processes that train the cell together; more than one are started and ended by torchrun.
    """
    arguments = ["-m", "hsbench.execution.worker", str(folder), "--job", str(job)]
    if processes == 1:
        return [sys.executable, *arguments]
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    return [sys.executable, *torchrun, *arguments]
