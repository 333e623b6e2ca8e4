"""Rebuilding the clips of a cell: train or load the model, reconstruct a group of clips, keep what came out.

The order of writing is a promise: audio and weights first, then the rows of the whole group in one write. A clip
counts as rebuilt only when its row stands, so a crash at any point repeats at most the group in flight, and that from
its checkpoint.
"""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.audio.io import write_wav
from hsbench.corpora.base import Clips
from hsbench.execution import team
from hsbench.files import replace_atomically
from hsbench.models.base import rebuild
from hsbench.models.build import build_model, context_of
from hsbench.results import base_cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.corpora.base import Item
    from hsbench.execution.task import Task
    from hsbench.models.base import Context, Model, Reconstruction


class Rebuilder:
    """Rebuilds clips of one task; the model is trained or loaded when the first of them is asked for."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self._model: Model | None = None

    def model(self) -> Model:
        """Return the model, trained; several processes of one cell train it together."""
        if self._model is None:
            task = self.task
            self._model = build_model(task.job.cell, dict(task.job.places))
            # What a base has fitted is loaded by the first process alone: the others helped the base and have ended.
            trains = task.base is None and bool(task.pending.rebuilds())
            with team.joined(task.job.device) if trains else contextlib.nullcontext():
                facts = self._model.fit(Clips.of(task.corpus, "train"), self.context())
            if facts is not None and team.first():
                task.folder.write_fit(facts)
        return self._model

    def context(self) -> Context:
        """Return what the model may know of the run around it."""
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
        )

    def rebuild(self, items: Sequence[Item]) -> None:
        """Rebuild a group of clips and keep their audio, weights and rows.

        Raises:
            DataError: the model did not return each clip once.
        """
        task, model = self.task, self.model()
        before, total = task.rebuilt, len(task.items)
        context = dataclasses.replace(
            self.context(),
            progress=lambda done, of: task.progress("fit", before + len(items) * done / max(of, 1), total),
        )
        made = rebuild(model, [task.corpus.load(item) for item in items], context)
        for item in items:
            self._keep(made[item.id])
        rows = [_row(made[item.id]) for item in items]
        task.folder.append_reconstructions(rows)
        task.pending.add_rebuilt(rows)
        task.folder.clear_scratch()

    def _keep(self, made: Reconstruction) -> None:
        """Write audio and weights of one clip."""
        folder, rate = self.task.folder, self.task.job.cell.corpus["sample_rate"]
        write_wav(folder.audio(made.clip_id), made.waveform, rate)
        if made.weights is not None:
            from safetensors.numpy import save

            tensors = {name: np.ascontiguousarray(value) for name, value in made.weights.items()}
            replace_atomically(folder.weights(made.clip_id), save(tensors))


def _row(made: Reconstruction) -> dict[str, Any]:
    """A row of reconstructions.jsonl; clipped is the share of samples beyond full scale."""
    return {
        **made.facts,
        "clip": made.clip_id,
        "status": made.status,
        "numbers": made.payload.numbers,
        "bits": made.payload.bits,
        "steps": made.steps,
        "seconds": round(made.seconds, 4),
        "clipped": float(np.mean(np.abs(made.waveform) > 1)),
    }
