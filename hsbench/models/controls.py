"""Controls in the time domain: they store the whole clip or next to nothing, and show what a metric can see.

* `identity`: the clip itself; the value that a metric gives it is the best there is.
* `silence`: zeros; nothing is stored.
* `noise`: white Gaussian noise at the clip's root-mean-square level; the level is stored.
* `scaled`: the clip times a gain; a gain of -1 turns its polarity.
* `delayed`: the clip some samples later, with zeros before; its last samples are lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hsbench.descriptors import ModelDescriptor
from hsbench.errors import UsageError
from hsbench.models.base import Payload
from hsbench.models.clipwise import Clipwise, as_floats, as_stored

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context

DESCRIPTORS = [
    ModelDescriptor(
        name="identity",
        target="hsbench.models.controls:Identity",
        summary="control: the clip itself",
    ),
    ModelDescriptor(
        name="silence",
        target="hsbench.models.controls:Silence",
        summary="control: digital silence",
    ),
    ModelDescriptor(
        name="noise",
        target="hsbench.models.controls:Noise",
        summary="control: white Gaussian noise at the clip's level",
    ),
    ModelDescriptor(
        name="scaled",
        target="hsbench.models.controls:Scaled",
        summary="control: the clip times a gain (-1 turns its polarity)",
        defaults={"gain": 0.5},
    ),
    ModelDescriptor(
        name="delayed",
        target="hsbench.models.controls:Delayed",
        summary="control: the clip some samples later",
        defaults={"samples": 16},
    ),
]


class Identity(Clipwise):
    """The clip itself."""

    name = "identity"

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """The same samples."""
        del context
        return clip.waveform, as_stored(clip.waveform.size)


class Silence(Clipwise):
    """Zeros."""

    name = "silence"

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """As many zeros."""
        del context
        return np.zeros_like(clip.waveform), Payload(0, 0)


class Noise(Clipwise):
    """White Gaussian noise of the clip's root mean square, drawn from the cell's seed and the clip's id."""

    name = "noise"

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Noise whose root mean square is the clip's to rounding."""
        drawn = np.random.default_rng(context.key("noise", clip.id)).standard_normal(clip.waveform.size)
        level = np.sqrt(np.mean(clip.waveform.astype(np.float64) ** 2))
        return drawn * (level / np.sqrt(np.mean(drawn**2))), as_floats(1)


class Scaled(Clipwise):
    """The clip times a gain, a factor and not dB."""

    name = "scaled"

    def __init__(self, gain: float) -> None:
        self.gain = gain

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """The same samples, louder, softer or turned."""
        del context
        return np.float32(self.gain) * clip.waveform, as_stored(clip.waveform.size)


class Delayed(Clipwise):
    """The clip some samples later.

    Raises:
        UsageError: the delay is negative.
    """

    name = "delayed"

    def __init__(self, samples: int) -> None:
        if samples < 0:
            raise UsageError(f"delayed.samples expects a number of samples from 0, got {samples}.")
        self.samples = samples

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Zeros first, then all but the clip's last samples."""
        del context
        size = clip.waveform.size
        late = np.concatenate([np.zeros(self.samples, np.float32), clip.waveform])[:size]
        return late, as_stored(size)
