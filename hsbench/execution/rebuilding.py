"""Rebuild the clips of a cell: train or load the model, reconstruct clips group by group, and store the results.

The order of writing is a promise: audio and weights first, then the rows of the whole group in one write. A clip counts
as rebuilt only once its row is written, so a crash at any point repeats at most the group that was being fitted, and
that from its checkpoint.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench import registry
from hsbench.audio.io import write_wav
from hsbench.corpora.base import Clips
from hsbench.errors import UsageError
from hsbench.execution import team
from hsbench.execution.adopting import adopt
from hsbench.files import replace_atomically
from hsbench.models.base import NETWORK, rebuild
from hsbench.models.build import build_model, context_of
from hsbench.models.coding import container
from hsbench.models.no_training import NoTraining
from hsbench.results import base_cell
from hsbench.results.stream_header import header_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.corpora.base import Item
    from hsbench.execution.task import Task
    from hsbench.models.base import Context, Model, Reconstruction, Training
    from hsbench.spec import Cell


class Rebuilder:
    """Rebuilds the clips of one task; the model is trained or loaded when it is used for the first time.

    Args:
        task: the cell to work on.

    Attributes:
        training_seconds: time that the training, or the loading of a trained model, took [s].
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.training_seconds = 0.0
        self._model: Model | None = None

    def model(self) -> Model:
        """Return the trained model; if a cell has several processes, they train it together."""
        if self._model is None:
            task = self.task
            self._model = build_model(task.job.cell, dict(task.job.places))
            adopt(task)
            # If the cell has a base, the parameters that the base fitted are loaded by the first process alone: the
            # other processes helped to train the base, and have ended.
            trains = task.base is None and task.job.network is None and bool(task.pending.rebuilds())
            context = self.context()
            loads = (context.kept / NETWORK).exists()  # an earlier session trained it, or it was adopted
            start = time.perf_counter()
            with team.joined(task.job.device) if trains else contextlib.nullcontext():
                facts = self._model.fit(self._training(), context)
            self.training_seconds = time.perf_counter() - start
            if facts is not None and team.first():
                task.folder.write_fit(facts)
                if not loads and (context.kept / NETWORK).exists():
                    task.folder.amend_provenance({"trained": True})
        return self._model

    def _training(self) -> Training:
        """Return the clips that the model learns from: the training split of the cell's training corpus.

        A model whose descriptor says that it learns nothing gets none, since its key does not depend on that corpus.
        """
        cell = self.task.job.cell
        if not registry.model(cell.model.name).learns(dict(cell.model.settings)):
            return NoTraining(functools.partial(_refusal, cell))
        return Clips.of(self.task.train_corpus, "train", cell.corpus["samples"])

    def context(self) -> Context:
        """Return the context in which the model works: seed, clip format, training, device and folders."""
        task = self.task
        return context_of(
            task.job.cell,
            device=task.job.device,
            threads=task.job.threads,
            scratch=task.folder.scratch,
            kept=base_cell.kept(task.folder, task.job.cell),
            record=task.folder.append_curve if team.first() else None,
            progress=lambda done, total: task.progress("train", done, int(total)),
            fitted=None if task.base is None else base_cell.fitted(task.results.cell(task.base)),
            eager=task.job.eager,
            compiling=lambda done: task.progress("compile", done, 1),
        )

    def rebuild(self, items: Sequence[Item]) -> None:
        """Rebuild a group of clips, and write their audio, weights, streams and rows.

        Args:
            items: manifest entries of the clips of the group.

        Raises:
            DataError: the model did not return each clip exactly once.
        """
        task, model = self.task, self.model()
        before, total = task.rebuilt, len(task.items)
        context = dataclasses.replace(
            self.context(),
            progress=lambda done, of: task.progress("fit", before + len(items) * done / max(of, 1), total),
        )
        reconstructions = rebuild(model, [task.corpus.load(item) for item in items], context)
        for item in items:
            self._write(reconstructions[item.id])
        rows = [_row(reconstructions[item.id]) for item in items]
        task.folder.append_reconstructions(rows)
        task.pending.add_rebuilt(rows)
        task.folder.clear_scratch()

    def _write(self, reconstruction: Reconstruction) -> None:
        """Write the audio, the weights and the stream of one clip."""
        folder, rate = self.task.folder, self.task.job.cell.corpus["sample_rate"]
        write_wav(folder.audio(reconstruction.clip_id), reconstruction.waveform, rate)
        if reconstruction.weights is not None:
            from safetensors.numpy import save

            tensors = {name: np.ascontiguousarray(value) for name, value in reconstruction.weights.items()}
            replace_atomically(folder.weights(reconstruction.clip_id), save(tensors))
        if reconstruction.stream is not None:
            header = header_of(self.task.job.cell, reconstruction.weights, reconstruction.waveform.size)
            file = container.write(header, [container.CodedClip(1.0, reconstruction.stream)])
            replace_atomically(folder.stream(reconstruction.clip_id), file)


def _refusal(cell: Cell) -> UsageError:
    """Return the error for a model that reads the training split and has a descriptor with trains=False."""
    return UsageError(
        f"the descriptor of {cell.model.name} says that its fit reads no training clips (trains=False), and it reads "
        "them; say trains=True there, or name the setting in trains_when."
    )


def _row(reconstruction: Reconstruction) -> dict[str, Any]:
    """Return the row of reconstructions.jsonl; "clipped" is the share of samples beyond full scale."""
    return {
        **reconstruction.facts,
        "clip": reconstruction.clip_id,
        "status": reconstruction.status,
        "numbers": reconstruction.payload.numbers,
        "bits": reconstruction.payload.bits,
        "steps": reconstruction.steps,
        "seconds": round(reconstruction.seconds, 4),
        "clipped": float(np.mean(np.abs(reconstruction.waveform) > 1)),
    }
