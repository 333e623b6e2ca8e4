"""Short deterministic sounds for models to rebuild, a training split of them, and a context without a run around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.audio.clip import Clip, peak_normalise
from hsbench.audio.passages import Passages, joined
from hsbench.models.base import Context

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def clip(number: int, samples: int, sample_rate: int) -> Clip:
    """A voice-like clip: ten harmonics of a gliding tone under a slow envelope, peak 1."""
    seconds = np.arange(samples) / sample_rate
    tone = 110.0 * (1 + 0.3 * (number % 5)) * seconds + 20 * seconds**2
    partials = sum(np.sin(2 * np.pi * k * tone + number * k) / k for k in range(1, 11))
    waveform = partials * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * seconds + number))
    return Clip(f"check_{number}", peak_normalise(np.asarray(waveform, np.float32)), sample_rate, f"voice{number % 2}")


class Sounds(list[Clip]):
    """Clips as a training split offers them (see hsbench.models.base.Training)."""

    def first(self, count: int) -> Sounds:
        """The first clips of it."""
        return Sounds(self[:count])

    def passages(self) -> Passages:
        """The clips themselves, 16 bits."""
        return joined([np.round(one.waveform * 32767).astype(np.int16) for one in self])


class Stopped(Exception):  # noqa: N818  it stands for an interrupt
    """Raised in the midst of a fit, as an interrupt would be."""


class Watch:
    """Takes a model's progress and learning curve; stops it once when asked.

    Attributes:
        told: (done, total) pairs.
        rows: of the learning curve.
        stop_at: how many calls of progress to wait before Stopped is raised, or None.
    """

    def __init__(self, stop_at: int | None = None) -> None:
        self.told: list[tuple[float, float]] = []
        self.rows: list[Any] = []
        self.stop_at = stop_at

    def progress(self, done: float, total: float) -> None:
        """Note it."""
        self.told.append((done, total))
        if self.stop_at is not None and len(self.told) >= self.stop_at:
            raise Stopped


def context(folder: Path, watch: Watch, samples: int, sample_rate: int, **facts: Any) -> Context:
    """A context whose folders lie below `folder`; scratch and kept exist once a model makes them, as in a run."""
    record: Callable[[Any], None] = watch.rows.append
    return Context(
        sample_rate=sample_rate,
        samples=samples,
        threads=1,
        scratch=folder / "scratch",
        kept=folder / "kept",
        record=record,
        progress=watch.progress,
        **facts,
    )
