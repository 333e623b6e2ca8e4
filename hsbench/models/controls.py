"""Controls in the time domain, which show how a metric reacts to known errors and where its scale begins and ends.

* `identity`: the clip itself, for which every metric has its best value. All samples are stored.
* `silence`: zeros. Nothing is stored.
* `noise`: white Gaussian noise at the clip's root-mean-square level. The level is stored.
* `scaled`: the clip multiplied by a gain; a gain of -1 inverts its polarity. All samples are stored.
* `delayed`: the clip shifted to a later time, with zeros before it; its last samples are lost. All samples are stored.
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
        trains=False,
    ),
    ModelDescriptor(
        name="silence",
        target="hsbench.models.controls:Silence",
        summary="control: digital silence",
        trains=False,
    ),
    ModelDescriptor(
        name="noise",
        target="hsbench.models.controls:Noise",
        summary="control: white Gaussian noise at the clip's level",
        trains=False,
    ),
    ModelDescriptor(
        name="scaled",
        target="hsbench.models.controls:Scaled",
        summary="control: the clip multiplied by a gain (-1 inverts its polarity)",
        trains=False,
        defaults={"gain": 0.5},
    ),
    ModelDescriptor(
        name="delayed",
        target="hsbench.models.controls:Delayed",
        summary="control: the clip delayed by a number of samples",
        trains=False,
        defaults={"samples": 16},
    ),
]


class Identity(Clipwise):
    """Return the clip unchanged."""

    name = "identity"

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Return the clip's own samples."""
        del context
        return clip.waveform, as_stored(clip.waveform.size)


class Silence(Clipwise):
    """Return digital silence for every clip."""

    name = "silence"

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Return zeros, as many as the clip has samples."""
        del context
        return np.zeros_like(clip.waveform), Payload(0, 0)


class Noise(Clipwise):
    """Return white Gaussian noise at the clip's root-mean-square level, seeded by the cell and the clip's id."""

    name = "noise"

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Draw noise and scale it to the clip's root mean square, exact up to rounding."""
        noise = np.random.default_rng(context.key("noise", clip.id)).standard_normal(clip.waveform.size)
        level = np.sqrt(np.mean(clip.waveform.astype(np.float64) ** 2))
        return noise * (level / np.sqrt(np.mean(noise**2))), as_floats(1)


class Scaled(Clipwise):
    """Return the clip multiplied by a gain.

    Args:
        gain: the factor, not in dB; a negative one inverts the polarity.
    """

    name = "scaled"

    def __init__(self, gain: float) -> None:
        self.gain = gain

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Return the clip's samples multiplied by the gain."""
        del context
        return np.float32(self.gain) * clip.waveform, as_stored(clip.waveform.size)


class Delayed(Clipwise):
    """Return the clip delayed.

    Args:
        samples: the delay, in samples.

    Raises:
        UsageError: the delay is negative.
    """

    name = "delayed"

    def __init__(self, samples: int) -> None:
        if samples < 0:
            raise UsageError(f"delayed.samples expects a number of samples from 0, got {samples}.")
        self.samples = samples

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Put zeros before the clip and cut it to its own length."""
        del context
        size = clip.waveform.size
        delayed = np.concatenate([np.zeros(self.samples, np.float32), clip.waveform])[:size]
        return delayed, as_stored(size)
