"""Base class of models that reconstruct each clip on its own in one pass. Most of them learn nothing.

Conventions: a waveform is [samples] float32 at full scale +-1.
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
    """A model that reconstructs a clip from this clip alone. A subclass that learns something overrides `fit`."""

    name: str
    version = 1
    group = 16

    def fit(self, train: Training, context: Context) -> Mapping[str, Any] | None:
        """Learn nothing."""
        del train, context
        return None

    @abstractmethod
    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Return the reconstruction of one clip, [samples], and its payload."""

    def reconstruct(self, clips: Sequence[Clip], context: Context) -> Iterator[Reconstruction]:
        """Reconstruct a group of clips one by one. The status is always "ok": nothing is fitted that could fail."""
        for done, clip in enumerate(clips, start=1):
            start = time.perf_counter()
            waveform, payload = self.rebuild(clip, context)
            seconds = time.perf_counter() - start
            yield Reconstruction(clip.id, np.asarray(waveform, np.float32), payload, seconds)
            context.progress(done, len(clips))


def as_stored(samples: int) -> Payload:
    """Return the payload of a clip that is stored as samples of 16 bits, the word length of the corpora's files."""
    return Payload(samples, 16 * samples)


def as_floats(numbers: int) -> Payload:
    """Return the payload of a clip that is stored as `numbers` float32 numbers."""
    return Payload(numbers, 32 * numbers)
