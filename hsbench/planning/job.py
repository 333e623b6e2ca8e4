"""A job: what one cell's process is told. Every engine writes one and runs the same command."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hsbench.corpora.base import Source
from hsbench.errors import DataError
from hsbench.files import read_json, write_json
from hsbench.results.schema import known_schema
from hsbench.spec import SCHEMA, Cell, Settings, freeze


@dataclass(frozen=True)
class Job:
    """What to do for a cell, and with which resources.

    Attributes:
        cell: the thing to fit.
        clips: ids to rebuild and score, of any split, in evaluation order.
        metrics: registered names.
        device: "cpu" or "cuda".
        threads: CPU threads.
        source: where the corpus is read from.
        imports: Python files that register plug-ins.
        command: the command line that asked for it.
        places: where the model finds what it reads.
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

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "schema": SCHEMA,
            "spec": self.cell.document(),
            "clips": list(self.clips),
            "metrics": list(self.metrics),
            "device": self.device,
            "threads": self.threads,
            "source": {
                "data_root": None if self.source.data_root is None else str(self.source.data_root),
                "settings": dict(self.source.settings),
            },
            "imports": list(self.imports),
            "command": list(self.command),
            "places": dict(self.places),
        }

    def write(self, path: Path) -> None:
        """Keep it as a file."""
        write_json(path, self.document())

    @classmethod
    def read(cls, path: Path) -> Job:
        """From a file.

        Raises:
            DataError: it is missing, or not a job.
        """
        try:
            document = known_schema(path, read_json(path))
            lists: dict[str, Any] = {name: tuple(document[name]) for name in ("clips", "metrics", "imports", "command")}
            root, settings = document["source"]["data_root"], document["source"]["settings"]
            source = Source(None if root is None else Path(root), freeze(settings))
            facts = {name: document[name] for name in ("device", "threads")}
            places = freeze(document.get("places", {}))
            return cls(Cell.read(document["spec"]), source=source, places=places, **lists, **facts)
        except FileNotFoundError as error:
            raise DataError(
                f"there is no job file {path}; write one with: hsbench plan EXPERIMENT --format json"
            ) from error
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"{path} is not a job file ({error!r}); write one with: hsbench plan EXPERIMENT --format json"
            ) from error


def command(folder: Path, job: Path, processes: int = 1) -> list[str]:
    """The command that works on a cell; several processes of it are started, and ended, by torchrun."""
    own = ["-m", "hsbench.execution.worker", str(folder), "--job", str(job)]
    if processes == 1:
        return [sys.executable, *own]
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    return [sys.executable, *torchrun, *own]
