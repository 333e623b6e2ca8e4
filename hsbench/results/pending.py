"""Pending work of a cell: what is wanted of it, minus the rows that its folder holds.

This is the one definition of what is missing. A plan counts it, the worker does it, a report names it, and `check` and
`bless` refuse to judge where some is left.

* A score is pending where scores.jsonl has no row for (clip, metric, present version of the metric), or where that row
  says that a package was missing ("unavailable"), since the package may be there by now.
* A clip has to be rebuilt where reconstructions.jsonl has no row for it, or where a file is gone that pending work
  needs: the audio for any pending score; the clip's own weights for a pending score at another sample rate, or for a
  cell that decodes these weights in another way. Where nothing is pending, audio and weights may be deleted freely.
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
"""Statuses of scores that are still to be computed."""


def score_status(scores: Scores, clip: str, metric: str, version: int) -> str:
    """Return the status of one score.

    Args:
        scores: (clip, metric, version) -> row, as the cell's folder holds them.
        clip: identifier of the clip.
        metric: name, also at another rate ("lsd@48000").
        version: present version of the metric.

    Returns:
        "ok", the reason why there is no value, or NOT_RUN.
    """
    row = scores.get((clip, metric, version))
    return NOT_RUN if row is None else str(row["status"])


class PendingWork:
    """What is still missing of one cell; the worker keeps it up to date while it works.

    Args:
        folder: of the cell, existing or not.
        model: registered name of the cell's model.
        clips: identifiers of the wanted clips, in evaluation order.
        metrics: names of the wanted metrics.
        weights_needed: whether another cell is about to decode this cell's weights, so that lost weights count as
            pending even where every score is there.
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
        """Names of the metrics that still have to score a clip."""
        return [name for name in self.versions if (clip, name) not in self._scored]

    @property
    def scores(self) -> int:
        """Number of scores that still have to be computed."""
        return sum(len(self.scores_of(clip)) for clip in self.clips)

    def rebuilds(self, clips: Iterable[str] | None = None) -> list[str]:
        """Clips that have to be rebuilt: those without a row, and those whose audio or weights are gone but needed.

        Args:
            clips: where to look; all wanted clips by default.
        """
        return [clip for clip in (self.clips if clips is None else clips) if clip not in self.rows or self._lost(clip)]

    def __bool__(self) -> bool:
        """Whether anything is missing."""
        return bool(self.scores or self.rebuilds())

    def _lost(self, clip: str) -> bool:
        """Whether a file of a rebuilt clip is gone that pending work needs."""
        pending = self.scores_of(clip)
        if pending and not self.folder.audio(clip).exists():
            return True
        decoded_again = self.weights_needed or any(split_rate(name)[1] is not None for name in pending)
        return decoded_again and self._keeps_weights and not self.folder.weights(clip).exists()

    def add_rebuilt(self, rows: Iterable[dict[str, Any]]) -> None:
        """Note clips that were rebuilt, as their rows were appended to reconstructions.jsonl."""
        self.rows |= {row["clip"]: row for row in rows}

    def add_scores(self, clip: str, metrics: Iterable[str]) -> None:
        """Note scores that were computed, as their rows were appended to scores.jsonl."""
        self._scored |= {(clip, name) for name in metrics}
