"""Cut a long waveform into overlapping clips of equal length, and join clips to one waveform.

Successive clips share at least a sixteenth of a clip. The last clip ends where the waveform ends, so it may share more;
a waveform shorter than a clip is padded with zeros. Clips are joined by linear fades whose weights add up to 1. A fade
lies in the middle of the stretch that two clips share, because models are least accurate at the ends of a clip.

The joined waveform may have another sample rate than the clips, for models that are functions of time. The cut is the
same at every rate. A clip may then start between two samples of the joined waveform; it contributes from the first
sample at or after its start (`Span.first`, which is `Span.late` behind the start). Fades are functions of time, so that
the weights at a moment are the same at every rate.

Conventions: waveforms are [samples] float32, rates are in Hz, positions are in samples and start at 0.
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
    """The stretch of the joined waveform to which a clip contributes.

    Attributes:
        first: position of the clip's first sample in the joined waveform.
        end: position after the clip's last sample in the joined waveform.
        late: time from the clip's start to the sample `first`, in units of 1 / (rate x played) seconds.
    """

    first: int
    end: int
    late: int


@dataclass(frozen=True)
class Layout:
    """How a waveform is cut into clips, and how the clips are joined.

    Attributes:
        length: length of the waveform that is cut, in samples at `rate`.
        samples: length of a clip, in samples at `rate`.
        rate: sample rate of the waveform that is cut and of the clips, in Hz.
        total: length of the joined waveform, in samples at `played`.
        played: sample rate of the joined waveform, in Hz.
    """

    length: int
    samples: int
    rate: int
    total: int
    played: int

    @classmethod
    def plain(cls, length: int, samples: int) -> Layout:
        """Return the layout of a waveform that is joined at the rate at which it is cut.

        Args:
            length: length of the waveform in samples.
            samples: length of a clip in samples.
        """
        return cls(length, samples, 1, length, 1)

    @property
    def overlap(self) -> int:
        """Smallest number of samples that successive clips share."""
        return -(-self.samples // 16)

    @functools.cached_property
    def starts(self) -> tuple[int, ...]:
        """Position of each clip's first sample in the waveform that is cut."""
        last = max(0, self.length - self.samples)
        return (*range(0, last, max(1, self.samples - self.overlap)), last)

    @functools.cached_property
    def spans(self) -> tuple[Span, ...]:
        """Stretch of the joined waveform that each clip covers; the last one reaches to the end."""
        # Sample m of the joined waveform has the time m / played, and a clip from `start` covers the times from
        # start / rate to (start + samples - 1) / rate. Its first sample is the smallest m >= start played / rate, its
        # last the largest m <= (start + samples - 1) played / rate: a division rounded up and one rounded down.
        spans = []
        for start in self.starts:
            first = -(-start * self.played // self.rate)
            end = (start + self.samples - 1) * self.played // self.rate + 1
            end = self.total if start == self.starts[-1] else min(end, self.total)
            spans.append(Span(first, max(first, end), first * self.rate - start * self.played))
        return tuple(spans)

    def cut(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cut a waveform [length] into clips [clips, samples]."""
        padded = np.pad(waveform, (0, max(0, self.samples - waveform.size)))
        return np.stack([padded[start : start + self.samples] for start in self.starts])

    def coordinates(self, span: Span) -> NDArray[np.float64]:
        """Return the times of a span's samples within their clip: [samples], in [-1, 1].

        The clip's first sample lies at -1 and its last one at 1. The joined waveform may go on behind the clip's last
        sample by less than one of its samples; the time stays at 1 there.
        """
        ticks = span.late + np.arange(span.end - span.first, dtype=np.int64) * self.rate
        full = self.played * (self.samples - 1)
        return np.minimum(1.0, (2 * ticks - full) / full)

    def join(self, parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Join clips to one waveform.

        Args:
            parts: one [samples] for each span, as long as the span.

        Returns:
            [total].
        """
        # Each step replaces the samples y joined so far by (1 - w) y + w part. If y is a sum of clips with weights that
        # add up to 1, so is the result, since (1 - w) 1 + w = 1. Clips that were cut from one waveform are therefore
        # joined to that waveform.
        joined, before, end = np.zeros(self.total, np.float32), 0, 0
        for start, span, part in zip(self.starts, self.spans, parts, strict=True):
            shared = joined[span.first : end]
            weight = self._weights(before, start, np.arange(span.first, end))
            shared[:] = (1 - weight) * shared + weight * part[: shared.size]
            joined[max(span.first, end) : span.end] = part[shared.size :]
            before, end = start, span.end
        return joined

    def _weights(self, before: int, start: int, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the weights of a clip at the positions that it shares with the previous clip.

        The weights are 0 until the fade begins and 1 once it is over, so no step occurs where a clip begins or ends.

        Args:
            before: start of the previous clip, in samples at `rate`.
            start: start of the clip, in samples at `rate`.
            positions: [samples], positions in the joined waveform.
        """
        # Times from here on are in samples at `rate`, counted from the clip's start. The previous clip's last sample
        # lies at `shared`, so the two clips share the times 0 to `shared`. A fade of length `fade` in the middle begins
        # at (shared - fade) / 2. Position m has the time m rate / played - start, and the weight rises from 0 to 1
        # while that time passes through the fade.
        shared = before + self.samples - 1 - start
        fade = min(self.overlap - 1, shared)
        time = positions * self.rate / self.played - start - (shared - fade) / 2
        return np.clip(time / fade, 0.0, 1.0) if fade > 0 else (time >= 0).astype(np.float64)
