"""Inputs for testing a model without a run: short deterministic clips, a training split of them, and a context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.audio.clip import Clip, peak_normalise
from hsbench.audio.passages import Passages, joined
from hsbench.models.base import Context

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def voice_clip(number: int, samples: int, sample_rate: int) -> Clip:
    """Return a clip that resembles a voice: ten harmonics of a gliding tone with a slow envelope, peak 1.

    Args:
        number: number of the clip, which determines its pitch, phases and id.
        samples: length of the clip.
        sample_rate: sample rate in Hz.
    """
    # The phase of the fundamental is 2 pi (f t + 20 t^2): it starts at f Hz and rises by 40 Hz per second.
    seconds = np.arange(samples) / sample_rate
    cycles = 110.0 * (1 + 0.3 * (number % 5)) * seconds + 20 * seconds**2
    partials = sum(np.sin(2 * np.pi * k * cycles + number * k) / k for k in range(1, 11))
    waveform = partials * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * seconds + number))
    return Clip(f"check_{number}", peak_normalise(np.asarray(waveform, np.float32)), sample_rate, f"voice{number % 2}")


class Sounds(list[Clip]):
    """Clips with the interface of a training split (see hsbench.models.base.Training)."""

    def first(self, count: int) -> Sounds:
        """Return the first clips."""
        return Sounds(self[:count])

    def passages(self) -> Passages:
        """Return the clips themselves as 16-bit recordings from which training crops are cut."""
        return joined([np.round(clip.waveform * 32767).astype(np.int16) for clip in self])


class Stopped(Exception):  # noqa: N818  imitates KeyboardInterrupt
    """Imitates an interrupt by the user during a fit."""


class Watch:
    """Records the progress and the learning curve of a model, and can interrupt it.

    Attributes:
        calls: (done, total) of every call of `progress`.
        rows: rows of the learning curve.
        stop_at: number of calls of `progress` after which Stopped is raised, or None.
    """

    def __init__(self, stop_at: int | None = None) -> None:
        self.calls: list[tuple[float, float]] = []
        self.rows: list[Any] = []
        self.stop_at = stop_at

    def progress(self, done: float, total: float) -> None:
        """Record a call of context.progress.

        Raises:
            Stopped: this is call number `stop_at` or a later one.
        """
        self.calls.append((done, total))
        if self.stop_at is not None and len(self.calls) >= self.stop_at:
            raise Stopped


def context(folder: Path, watch: Watch, samples: int, sample_rate: int, **facts: Any) -> Context:
    """Return a context for one fit.

    Args:
        folder: folder of the scratch and kept folders, which the model creates, as in a run.
        watch: records progress and learning curve.
        samples: samples per clip.
        sample_rate: sample rate in Hz.
        facts: further fields of the context.
    """
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
