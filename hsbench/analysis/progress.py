"""Progress of individual fits: the SI-SNR of each clip over the steps of its fit, as their learning curves recorded it.

A value is the SI-SNR at the coordinates of one step, before its update (hsbench.models.inr.curve). Where a step draws
some of the samples, it is an estimate of the SI-SNR of the whole clip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hsbench.results.cell_folder import CellFolder

    Progress = dict[int, dict[str, float]]
    """Step -> clip -> SI-SNR [dB]."""


def progress(folder: CellFolder, clips: Collection[str]) -> Progress:
    """Return the SI-SNR of some clips over the steps of their fits, by step; empty where none was recorded.

    Args:
        folder: folder of the cell.
        clips: identifiers of the clips.
    """
    by_step: Progress = {}
    for row in folder.curve():
        values = row.get("si_snr")
        if not isinstance(values, dict):
            continue
        own = {clip: float(value) for clip, value in values.items() if clip in clips and isinstance(value, int | float)}
        if own:
            by_step.setdefault(row["step"], {}).update(own)
    return {step: by_step[step] for step in sorted(by_step)}


def steps_to(level: float, folders: Sequence[CellFolder], clips: Collection[str]) -> float | None:
    """Return the first recorded step at which the mean SI-SNR over clips is a level or more, as the mean over seeds.

    Steps at which a clip has no value do not count. None where a seed does not reach the level or recorded nothing.

    Args:
        level: SI-SNR [dB].
        folders: folders of the row's cells, one per seed.
        clips: identifiers of the clips.
    """
    reached = []
    for folder in folders:
        by_step = progress(folder, clips)
        fitted = max((len(values) for values in by_step.values()), default=0)
        steps = [
            step for step, values in by_step.items() if len(values) == fitted and sum(values.values()) / fitted >= level
        ]
        if not steps:
            return None
        reached.append(steps[0])
    return sum(reached) / len(reached) if reached else None
