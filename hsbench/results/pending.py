"""Pending work of a cell: the wanted scores of the wanted clips, minus the rows that the cell's folder holds.

This is the only definition of what is missing. The plan counts pending work, the worker does it, the report names it,
and `check` and `bless` refuse to judge a cell that has some.

* A score is pending if scores.jsonl has no row for (clip, metric, present version of the metric), or if that row says
  that a package was missing ("unavailable"), since the package may be installed by now.
* A clip has to be rebuilt if reconstructions.jsonl has no row for it, or if a file that pending work needs is gone:
  the audio for any pending score; the clip's own weights for a pending score at another sample rate, or for a cell that
  decodes these weights in another way (see hsbench.results.base_cell).
* Audio and weights may therefore be deleted freely once nothing is pending: no other work reads them.

Resuming and growing a run are therefore the same thing: pending = wanted - present, whether a run was stopped, --limit
was raised or a metric was added. Work that is done twice gives the same scores, because all random numbers are derived
from the seed, the clip (or training step) and their purpose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench import registry
from hsbench.metrics.base import info, split_rate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hsbench.results.cell_folder import CellFolder

    Scores = Mapping[tuple[str, str, int], Mapping[str, Any]]

NOT_RUN = "not run"
"""Status of a score that was never computed."""
UNAVAILABLE = "unavailable"
"""Status of a score whose package was missing when it was to be computed."""
PENDING = frozenset({NOT_RUN, UNAVAILABLE})
"""Statuses of a score that still has to be computed."""


def score_status(scores: Scores, clip: str, metric: str, version: int) -> str:
    """Return the status of one score.

    Args:
        scores: rows of scores.jsonl by (clip, metric, version of the metric).
        clip: identifier of the clip.
        metric: name of the metric, with a sample rate where it is computed at another one ("lsd@48000").
        version: present version of the metric.

    Returns:
        "ok", the reason why the score has no value, or NOT_RUN.
    """
    row = scores.get((clip, metric, version))
    return NOT_RUN if row is None else str(row["status"])


class PendingWork:
    """The pending work of one cell; true while there is some. The worker updates it while it works.

    Args:
        folder: folder of the cell, existing or not.
        model: registered name of the cell's model.
        clips: identifiers of the wanted clips, in evaluation order.
        metrics: names of the wanted metrics.
        weights_needed: whether another cell is about to decode this cell's weights, so that clips without weights have
            to be rebuilt even if all their scores exist.
    """

    def __init__(
        self,
        folder: CellFolder,
        model: str,
        clips: Sequence[str],
        metrics: Sequence[str],
        *,
        weights_needed: bool = False,
    ) -> None:
        self.folder, self.clips, self.weights_needed = folder, tuple(clips), weights_needed
        self.versions = {name: info(name).version for name in metrics}
        self.rows = folder.reconstructions()
        scores = folder.scores()
        self._scored = {
            (clip, name)
            for clip in self.clips
            for name, version in self.versions.items()
            if score_status(scores, clip, name, version) not in PENDING
        }
        self._keeps_weights = registry.model(model).function_of_time

    def scores_of(self, clip: str) -> list[str]:
        """Return the names of the metrics by which a clip still has to be scored."""
        return [name for name in self.versions if (clip, name) not in self._scored]

    @property
    def scores(self) -> int:
        """Number of scores that still have to be computed."""
        return sum(len(self.scores_of(clip)) for clip in self.clips)

    def rebuilds(self, clips: Iterable[str] | None = None) -> list[str]:
        """Return the clips that have to be rebuilt: no row yet, or audio or weights that are needed and gone.

        Args:
            clips: identifiers of the clips to look at; all wanted clips by default.
        """
        return [clip for clip in (self.clips if clips is None else clips) if clip not in self.rows or self._lost(clip)]

    def __bool__(self) -> bool:
        """Return whether any score or rebuilt clip is missing."""
        return bool(self.scores or self.rebuilds())

    def _lost(self, clip: str) -> bool:
        """Return whether pending work needs a file of a rebuilt clip that is gone."""
        metrics = self.scores_of(clip)
        if metrics and not self.folder.audio(clip).exists():
            return True
        decoded_again = self.weights_needed or any(split_rate(name)[1] is not None for name in metrics)
        return decoded_again and self._keeps_weights and not self.folder.weights(clip).exists()

    def add_rebuilt(self, rows: Iterable[dict[str, Any]]) -> None:
        """Record that clips were rebuilt; their rows have just been appended to reconstructions.jsonl."""
        self.rows |= {row["clip"]: row for row in rows}

    def add_scores(self, clip: str, metrics: Iterable[str]) -> None:
        """Record that scores of a clip were computed; their rows have just been appended to scores.jsonl."""
        self._scored |= {(clip, name) for name in metrics}
