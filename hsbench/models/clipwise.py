"""Models that rebuild each clip on its own, in one pass; most of them learn nothing.

Conventions: waveforms are [samples] float32, full scale +-1.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.models.base import Payload, Reconstruction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context, Training


class Clipwise(ABC):
    """A model that is one function of a clip; `fit` does nothing unless it is overridden."""

    name: str
    version = 1
    group = 16

    def fit(self, train: Training, context: Context) -> Mapping[str, Any] | None:
        """Nothing is learned."""
        del train, context
        return None

    @abstractmethod
    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """The rebuilt clip, [samples], and what it costs to store."""

    def reconstruct(self, clips: Sequence[Clip], context: Context) -> Iterator[Reconstruction]:
        """Rebuild a group of clips one by one; what comes out is scored as it is, so the status is always "ok"."""
        for done, clip in enumerate(clips, start=1):
            start = time.perf_counter()
            waveform, payload = self.rebuild(clip, context)
            seconds = time.perf_counter() - start
            yield Reconstruction(clip.id, np.asarray(waveform, np.float32), payload, seconds)
            context.progress(done, len(clips))


def as_stored(samples: int) -> Payload:
    """The payload of a clip kept sample by sample, 16 bits each, as the files of the corpora hold them."""
    return Payload(samples, 16 * samples)


def as_floats(numbers: int) -> Payload:
    """The payload of so many float32 numbers."""
    return Payload(numbers, 32 * numbers)
