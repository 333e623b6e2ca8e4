"""A network that `hsbench export` wrote, scored as it is: of another corpus, budget, seed or version than the row's.

A cell adopts a network only if the specification is its own (hsbench.networks). Every other exported file is scored by
this model, whose key holds the SHA-256 of the file and not its path. The clips have to be as long and as densely
sampled as those that the network was made for. What it was trained on stands in the file, and in the cell's fit.json.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench.descriptors import ModelDescriptor
from hsbench.errors import DataError, HsbenchError, UsageError
from hsbench.files import sha256_file
from hsbench.models.base import NETWORK
from hsbench.models.build import build_model, clip_format, context_of, descriptor_of
from hsbench.models.content import require_unchanged
from hsbench.models.no_training import NoTraining
from hsbench.spec import Cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context, Model, Reconstruction, Training

DESCRIPTORS = [
    ModelDescriptor(
        name="exported",
        target="hsbench.models.exported:Exported",
        summary="a network that hsbench export wrote, as it is: --set exported.path=FILE.safetensors",
        needs=("torch",),
        trains=False,
        defaults={"path": None},
        places={"path": "FILE.safetensors"},
        resolve="hsbench.models.exported:resolve",
    ),
]


def resolve(settings: Mapping[str, Any], switches: Mapping[str, Any], samples: int) -> dict[str, Any]:
    """Add the SHA-256 of the file to the settings, which enters the cell's key.

    Args:
        settings: settings of the model, with the path of the file.
        switches: not used.
        samples: not used.

    Raises:
        UsageError: there is no such file.
    """
    del switches, samples
    return {**settings, "content": sha256_file(_file(settings["path"]))}


def _file(path: str) -> Path:
    file = Path(path)
    if not file.is_file():
        raise UsageError(f"exported.path expects a file that hsbench export wrote, got {path}; check the path.")
    return file


class Exported:
    """The model of an exported file, trained.

    Args:
        path: the file.
        content: its SHA-256 when the cell was planned, as `resolve` computes it.

    Raises:
        DataError: the file has changed since the cell was planned, or is none that hsbench export wrote.
    """

    version = 1
    group = 16

    def __init__(self, path: str, content: str) -> None:
        self.path = _file(path)
        require_unchanged(path, content, sha256_file(self.path))
        self.cell = cell_in(self.path)
        descriptor_of(self.cell)
        self._model: Model | None = None

    def fit(self, train: Training, context: Context) -> Mapping[str, Any] | None:
        """Load the network; nothing is trained.

        Args:
            train: not used.
            context: device, threads and clip format of the run.

        Raises:
            DataError: the clips have another length or sample rate than those of the network, or the file is damaged.
        """
        del train
        rate, samples = clip_format(self.cell)
        if (rate, samples) != (context.sample_rate, context.samples):
            raise DataError(
                f"{self.path.name} was made for clips of {samples} samples at {rate} Hz, got {context.samples} at "
                f"{context.sample_rate} Hz; choose a corpus or --set CORPUS.clip_samples that fits."
            )
        with tempfile.TemporaryDirectory(prefix="hsbench-") as folder:
            shutil.copy(self.path, Path(folder) / NETWORK)
            self._model = build_model(self.cell, {})
            facts = self._model.fit(NoTraining(self._refusal), self._inner(context, Path(folder)))
        part = self.cell.train_corpus or self.cell.corpus
        return {**(facts or {}), "exported": self.cell.folder, "trained_on": part.name}

    def reconstruct(self, clips: Sequence[Clip], context: Context) -> Iterator[Reconstruction]:
        """Reconstruct clips as the model of the file does."""
        assert self._model is not None, "call fit first"
        inner = dataclasses.replace(self._inner(context, context.scratch), progress=context.progress)
        for reconstruction in self._model.reconstruct(clips, inner):
            yield dataclasses.replace(reconstruction, stream=None)

    def _inner(self, context: Context, kept: Path) -> Context:
        """Return the context of the file's own cell, on the device and threads of the run."""
        return context_of(self.cell, device=context.device, threads=context.threads, scratch=context.scratch, kept=kept)

    def _refusal(self) -> HsbenchError:
        return DataError(f"{self.path} holds no whole network; export it again.")


def cell_in(path: Path) -> Cell:
    """Return the specification of the cell whose network a file holds.

    Raises:
        DataError: hsbench export did not write the file.
    """
    from hsbench.fit import checkpoint

    try:
        texts = checkpoint.metadata(path) or {}
        cell, numbers = json.loads(texts["cell"]), json.loads(texts["numbers"])
        if not isinstance(cell, dict) or not isinstance(numbers, dict):
            raise ValueError("cell and numbers are objects")
        return Cell.read(cell)
    except (KeyError, ValueError, RecursionError, TypeError, OSError) as error:
        raise DataError(
            f"expected a file that hsbench export wrote, and {path} is damaged or of another kind; export it again."
        ) from error
