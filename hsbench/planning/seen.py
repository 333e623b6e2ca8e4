"""Rows on seen clips: a model that learns, scored on clips that it was trained on, beside the same on held-out clips.

After a short training, held-out clips tell little about a method. Seen clips tell whether it can represent sound at
all, and the gap between the two is its overfitting (section 3.3 of arXiv 2302.04959).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from hsbench.spec import FLOOR_MODELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from hsbench.spec import Row

HELD_OUT, SEEN = "validation", "train"
"""The splits of held-out and of seen clips."""
SUFFIX = " seen"
"""End of the name of a row on seen clips."""


def both(row: Row, *, learns: bool) -> list[Row]:
    """Return a row on held-out clips and the same row on seen clips; one that learns nothing on held-out clips only.

    The floors of a table (hsbench.spec.FLOOR_MODELS) are shown on both, since a row on seen clips has to be compared
    with floors on the same clips.

    Args:
        row: row of an experiment.
        learns: whether the row's model learns from the training split.
    """
    held_out = dataclasses.replace(row, split=HELD_OUT)
    if not (learns or row.model in FLOOR_MODELS):
        return [held_out]
    return [held_out, dataclasses.replace(row, name=row.name + SUFFIX, published=None, split=SEEN)]


def count(wanted: int, trainings: Sequence[Mapping[str, Any]]) -> int:
    """Return the number of seen clips of a table: at most as many as held-out ones, and used by every training.

    Args:
        wanted: largest number of clips to score.
        trainings: training settings of every model of the table that learns. A setting `train_clips` limits the
            training to that many first clips of the split.
    """
    limits = [int(limit) for training in trainings if (limit := training.get("train_clips")) is not None]
    return min([wanted, *limits])
