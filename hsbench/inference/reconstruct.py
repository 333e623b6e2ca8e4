"""A trained cell at work: it rebuilds any sound.

A sound is cut into overlapping clips (see hsbench.audio.overlap). Each is divided by its peak before the model gets it
and multiplied by it afterwards; silent clips stay silent without asking the model.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hsbench.audio.clip import Clip, peak_normalise
from hsbench.audio.io import read_mono
from hsbench.audio.overlap import Layout
from hsbench.errors import DataError, UsageError
from hsbench.inference.trained import clip_of, ready, registered
from hsbench.models.base import FunctionOfTime, rebuild, verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from hsbench.audio.overlap import Span
    from hsbench.models.base import Context, Model, Reconstruction
    from hsbench.results.store import CellFolder
    from hsbench.spec import Cell, Resources

    Progress = Callable[[float, float], None]


@dataclass(frozen=True, eq=False)
class Rebuilt:
    """A sound that a cell rebuilt.

    Attributes:
        waveform: [samples] float32, full scale +-1, not clipped.
        sample_rate: in Hz.
        clips: of how many clips it was made.
        complaints: what did not go well, a phrase each.
    """

    waveform: NDArray[np.float32]
    sample_rate: int
    clips: int
    complaints: tuple[str, ...]


def reconstruct(
    folder: CellFolder, audio: Path, sample_rate: int | None, resources: Resources, progress: Progress
) -> Rebuilt:
    """Rebuild an audio file.

    Args:
        folder: of the cell.
        audio: a mono file.
        sample_rate: of the output in Hz; None for the cell's own. The output is as long as the file resampled to it.
        resources: device and threads.
        progress: takes (done, total) clips.

    Raises:
        DataError: the file cannot be used, or the cell has no finished training.
        UsageError: the model cannot play at that rate.
    """
    cell = folder.spec()
    rate, samples = clip_of(cell)
    other = rate if sample_rate is None else sample_rate
    _check_rate(cell, rate, other)
    sound, own = _read(audio)
    with ready(folder, cell, resources) as (model, context, facts):
        from hsbench.audio.resample import resample

        waveform = resample(sound, own, rate)
        total = waveform.size if other == rate else -(-sound.size * other // own)
        playing = _Playing(model, context, Layout(waveform.size, samples, rate, total, other), progress)
        joined = playing.run(waveform)
    complaints = playing.complaints()
    if facts.get("status", "ok") != "ok":
        complaints.insert(0, f"the training of {cell.folder} is {facts['status']}")
    return Rebuilt(joined, other, len(playing.statuses), tuple(complaints))


class _Playing:
    """A sound on its way through a model."""

    def __init__(self, model: Model, context: Context, layout: Layout, progress: Progress) -> None:
        self.model, self.context, self.layout, self.progress = model, context, layout, progress
        self.statuses = ["ok"] * len(layout.starts)

    def run(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """The sound as the model plays it: [samples] -> [samples at the rate played]."""
        clips, spans = self.layout.cut(waveform), self.layout.spans
        parts = [np.zeros(span.end - span.first, np.float32) for span in spans]
        sounding = [index for index, clip in enumerate(clips) if clip.any()]
        size = max(1, int(getattr(self.model, "group", 1)))
        for first in range(0, len(sounding), size):
            group = sounding[first : first + size]
            context = self._counting(len(group), first, len(sounding))
            given = [Clip(f"clip-{index}", peak_normalise(clips[index]), context.sample_rate) for index in group]
            made = rebuild(self.model, given, context)
            for index, clip in zip(group, given, strict=True):
                one, played = made[clip.id], self._played(made[clip.id], spans[index])
                self.statuses[index] = one.status if one.status != "ok" else verdict(clip.waveform, one.waveform)
                if np.isfinite(played).all():
                    parts[index] = played * np.abs(clips[index]).max()
                else:  # it stays silent, and is complained of
                    self.statuses[index] = "diverged"
        return self.layout.join(parts)

    def _played(self, one: Reconstruction, span: Span) -> NDArray[np.float32]:
        """A clip as long as its span, at the rate of the output."""
        if self.layout.played == self.layout.rate:
            return one.waveform[: span.end - span.first]
        assert isinstance(self.model, FunctionOfTime)
        assert one.weights is not None
        return self.model.play(one.weights, self.layout.coordinates(span), self.context)

    def _counting(self, count: int, done: int, total: int) -> Context:
        """The context of a group of clips, which follows `done` of `total`."""

        def progress(at: float, of: float) -> None:
            self.progress(done + count * at / max(of, 1), total)

        return dataclasses.replace(self.context, progress=progress)

    def complaints(self) -> list[str]:
        """What to say of fits that are not ok."""
        bad = [index for index, status in enumerate(self.statuses) if status != "ok"]
        if not bad:
            return []
        counts = ", ".join(f"{count} {status}" for status, count in Counter(self.statuses).items() if status != "ok")
        seconds = self.layout.starts[bad[0]] / self.layout.rate
        left = " (silent where not finite)" if "diverged" in self.statuses else ""
        return [f"of {len(self.statuses)} clips {counts}, the first at {seconds:.2f} s{left}"]


def _check_rate(cell: Cell, rate: int, other: int) -> None:
    if other < 1:
        raise UsageError(f"--sample-rate expects a positive whole number of Hz, got {other}.")
    if other != rate and not hasattr(registered(cell).load(), "play"):
        raise UsageError(
            f"{cell.model.name} is no function of time and plays at its own {rate} Hz, got --sample-rate {other}; "
            "leave it out, and resample the output."
        )


def _read(audio: Path) -> tuple[NDArray[np.float32], int]:
    """An audio file and its rate [Hz].

    Raises:
        DataError: it cannot be read, has several channels, no samples, or samples that are not finite.
    """
    sound, own = read_mono(audio)
    if sound.size == 0 or not np.isfinite(sound).all():
        what = "has none" if sound.size == 0 else "has some that are not finite"
        raise DataError(f"{audio} should hold finite samples and {what}; give another file.")
    return sound, own
