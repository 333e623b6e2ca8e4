"""A long sound as clips of one length that overlap, and the clips as one sound again.

Neighbours share a sixteenth of a clip, the last clip ends where the sound ends and so may share more; a sound shorter
than a clip is padded with zeros. Clips are joined by linear fades whose weights add up to 1, in the middle of what two
neighbours share: a model is least sure of the ends of a clip.

At another rate, a clip's start need not be a whole sample. The cut stays the same there, so the same clips are asked
for at every rate, and each is played from its first whole sample on (`Span.late` says how far that lies behind the
start).

Conventions: waveforms are [samples] float32, rates are in Hz, positions are samples from 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def overlap(samples: int) -> int:
    """Samples that neighbouring clips of so many samples share at least."""
    return -(-samples // 16)


def starts(length: int, samples: int) -> list[int]:
    """First sample of each clip of a sound.

    Args:
        length: of the sound, in samples.
        samples: of a clip.
    """
    last = max(0, length - samples)
    return [*range(0, last, max(1, samples - overlap(samples))), last]


def cut(waveform: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    """The clips of a sound: [length] -> [clips, samples]."""
    padded = np.pad(waveform, (0, max(0, samples - waveform.size)))
    return np.stack([padded[start : start + samples] for start in starts(waveform.size, samples)])


@dataclass(frozen=True)
class Span:
    """Where a clip lies in a sound at another rate.

    Attributes:
        first: its first whole sample there.
        count: samples there, up to the clip's last sample or, for the last clip, to the end of the sound.
        late: time of `first` behind the clip's start, in units of 1 / (own rate x other rate) seconds.
    """

    first: int
    count: int
    late: int

    @property
    def end(self) -> int:
        """First sample behind it."""
        return self.first + self.count


def spans(begins: Sequence[int], samples: int, rate: int, other: int, length: int) -> list[Span]:
    """Where clips lie at another rate.

    Args:
        begins: first sample of each clip.
        samples: of a clip.
        rate: the clips' own, in Hz.
        other: the other, in Hz.
        length: of the whole sound at the other rate, in samples.
    """
    found = []
    for begin in begins:
        first = -(-begin * other // rate)
        stop = length if begin == begins[-1] else (begin + samples - 1) * other // rate + 1
        found.append(Span(first, max(0, stop - first), first * rate - begin * other))
    return found


def coordinates(late: int, count: int, samples: int, rate: int, other: int) -> NDArray[np.float64]:
    """Times of samples at another rate, in [-1, 1], where a clip's own first and last sample lie at -1 and 1.

    Times behind the clip's last sample, which the end of a sound may ask for, hold at 1.

    Args:
        late: of the first of them, see Span.
        count: how many.
        samples: of the clip.
        rate: the clip's own, in Hz.
        other: the other, in Hz.

    Returns:
        [count], the numerators exact whole numbers.
    """
    ticks = late + np.arange(count, dtype=np.int64) * rate
    return np.minimum(1.0, (2 * ticks - other * (samples - 1)) / (other * (samples - 1)))


def join(clips: Sequence[NDArray[np.float32]], firsts: Sequence[int], length: int, fade: int) -> NDArray[np.float32]:
    """One sound of clips that follow each other.

    Args:
        clips: [samples] each, and each begins before or where the one before it ends.
        firsts: position of each clip's first sample.
        length: of the sound; what clips hold behind it is cut off.
        fade: samples of a fade, fewer where neighbours share fewer.

    Returns:
        [length].
    """
    ends = [first + clip.size for clip, first in zip(clips, firsts, strict=True)]
    joined, end = np.zeros(max(length, *ends), np.float32), 0
    for clip, first in zip(clips, firsts, strict=True):
        width = min(fade, max(0, end - first))
        begin = first + (max(0, end - first) - width) // 2
        ramp = np.arange(1, width + 1, dtype=np.float32) / (width + 1)
        faded = joined[begin : begin + width]
        faded += ramp * (clip[begin - first : begin - first + width] - faded)
        end = first + clip.size
        joined[begin + width : end] = clip[begin - first + width :]
    return joined[:length]
