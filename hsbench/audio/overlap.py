"""A long sound as clips of one length that overlap, and the clips as one sound again.

Neighbours share a sixteenth of a clip, the last clip ends where the sound ends and so may share more; a sound shorter
than a clip is padded with zeros. Clips are joined by linear fades whose weights add up to 1, in the middle of what two
neighbours share: a model is least sure of the ends of a clip.

The joined sound may have another rate than the clips. A clip's start need not be a whole sample there; the cut stays
the same at every rate, and a clip is played from its first whole sample on (`Span.late` says how far that lies behind
the start). Fades are functions of time, so that a moment is joined alike at every rate.

Conventions: waveforms are [samples] float32, rates are in Hz, positions are samples from 0.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Span:
    """Where a clip lies in the joined sound.

    Attributes:
        first: its first whole sample there.
        end: the first sample behind it.
        late: time of `first` behind the clip's start, in units of 1 / (rate x played) seconds.
    """

    first: int
    end: int
    late: int


@dataclass(frozen=True)
class Layout:
    """How a sound is cut, and how it is joined.

    Attributes:
        length: of the sound that is cut, in samples.
        samples: of a clip.
        rate: of both, in Hz.
        total: of the joined sound, in samples.
        played: its rate in Hz.
    """

    length: int
    samples: int
    rate: int
    total: int
    played: int

    @classmethod
    def plain(cls, length: int, samples: int) -> Layout:
        """Of a sound that is joined at the rate at which it is cut."""
        return cls(length, samples, 1, length, 1)

    @property
    def overlap(self) -> int:
        """Samples that neighbouring clips share at least."""
        return -(-self.samples // 16)

    @functools.cached_property
    def starts(self) -> tuple[int, ...]:
        """First sample of each clip."""
        last = max(0, self.length - self.samples)
        return (*range(0, last, max(1, self.samples - self.overlap)), last)

    @functools.cached_property
    def spans(self) -> tuple[Span, ...]:
        """Where each clip lies in the joined sound, the last one up to its end."""
        found = []
        for start in self.starts:
            first = -(-start * self.played // self.rate)
            end = (start + self.samples - 1) * self.played // self.rate + 1
            end = self.total if start == self.starts[-1] else min(end, self.total)
            found.append(Span(first, max(first, end), first * self.rate - start * self.played))
        return tuple(found)

    def cut(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """The clips of a sound: [length] -> [clips, samples]."""
        padded = np.pad(waveform, (0, max(0, self.samples - waveform.size)))
        return np.stack([padded[start : start + self.samples] for start in self.starts])

    def coordinates(self, span: Span) -> NDArray[np.float64]:
        """Times within a clip of a span's samples: [samples], in [-1, 1].

        The clip's own first sample lies at -1 and its last one at 1. Where the joined sound goes on behind the last
        sample, by less than one of them, time holds at 1.
        """
        ticks = span.late + np.arange(span.end - span.first, dtype=np.int64) * self.rate
        full = self.played * (self.samples - 1)
        return np.minimum(1.0, (2 * ticks - full) / full)

    def join(self, parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """One sound [total] of its clips, each [samples] as long as its span."""
        joined, before, end = np.zeros(self.total, np.float32), 0, 0
        for start, span, part in zip(self.starts, self.spans, parts, strict=True):
            shared = joined[span.first : end]
            weight = self._weights(before, start, np.arange(span.first, end))
            shared[:] = (1 - weight) * shared + weight * part[: shared.size]
            joined[max(span.first, end) : span.end] = part[shared.size :]
            before, end = start, span.end
        return joined

    def _weights(self, before: int, start: int, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """Weights of a clip at positions of the joined sound that it shares with the clip before it.

        They are 0 until the fade begins and 1 once it is over, so nothing jumps where a clip begins or ends.

        Args:
            before: first sample of the clip before it.
            start: its own.
            positions: [samples].
        """
        shared = before + self.samples - 1 - start
        fade = min(self.overlap - 1, shared)
        time = positions * self.rate / self.played - start - (shared - fade) / 2
        return np.clip(time / fade, 0.0, 1.0) if fade > 0 else (time >= 0).astype(np.float64)
