"""Controls with the budget of an INR: the same count of stored numbers, spent on samples or transform coefficients.

Both take a compression ratio c: a clip of n samples may store n / c numbers.

* `decimation`: resample the clip to 1 / c of its sample rate, store these samples, and resample them back. This keeps
  the lowest 1 / c of the frequency band.
* `mdct-top-k`: store the coefficients of largest magnitude of an orthonormal MDCT. Each coefficient costs two numbers,
  its value and its position, so n / (2 c) coefficients are kept. In bits, a value is a float32 and a position the
  shortest whole number that can address all coefficients.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.audio.mdct import imdct, mdct
from hsbench.descriptors import ModelDescriptor
from hsbench.errors import UsageError
from hsbench.models.base import Payload
from hsbench.models.clipwise import Clipwise, as_floats
from hsbench.widths import Operations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context

DESCRIPTORS = [
    ModelDescriptor(
        name="decimation",
        target="hsbench.models.budgeted:Decimation",
        summary="control: fewer samples, resampled back to the sample rate",
        trains=False,
        needs=("torch", "torchaudio"),
        defaults={"compression_ratio": 1.0},
        approach="transform coding",
    ),
    ModelDescriptor(
        name="mdct-top-k",
        target="hsbench.models.budgeted:MDCTTopK",
        summary="control: the largest MDCT coefficients and their positions",
        trains=False,
        defaults={"compression_ratio": 1.0, "size": 512},
        operations="hsbench.models.budgeted:mdct_operations",
        approach="transform coding",
    ),
]


def mdct_operations(settings: Mapping[str, Any], training: Mapping[str, Any], samples: int) -> Operations:
    """Count the operations of mdct-top-k, whose transform is a matrix product of 2 size samples per frame.

    The search for the largest coefficients is not counted.

    Args:
        settings: model settings.
        training: not used.
        samples: samples per clip.
    """
    del training
    size = settings["size"]
    encode = (-(-samples // size) + 1) * 2.0 * (2 * size) * size
    return Operations(0.0, 2 * encode, encode)


class Decimation(Clipwise):
    """Reconstruct a clip from fewer samples.

    Args:
        compression_ratio: samples of the clip per stored sample, at least 1; rounded to a fraction whose denominator is
            at most 100.

    Raises:
        UsageError: the compression ratio is below 1.
    """

    name = "decimation"

    def __init__(self, compression_ratio: float) -> None:
        if not 1 <= compression_ratio < np.inf:
            raise UsageError(f"decimation.compression_ratio expects a number from 1, got {compression_ratio}.")
        self.ratio = Fraction(compression_ratio).limit_denominator(100)

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Resample the clip to the lower rate and back; return the estimate and the number of samples stored."""
        from hsbench.audio.resample import resample
        from hsbench.fit.precision import pin

        pin("cpu", context.threads)
        # With c = high / low, resampling from rate `high` to rate `low` leaves 1 / c of the samples.
        high, low = self.ratio.numerator, self.ratio.denominator
        stored = resample(clip.waveform, high, low)
        return resample(stored, low, high)[: clip.waveform.size], as_floats(stored.size)


class MDCTTopK(Clipwise):
    """Reconstruct a clip from its largest MDCT coefficients.

    Args:
        compression_ratio: samples of the clip per stored number; a coefficient counts as two numbers.
        size: coefficients per MDCT frame.

    Raises:
        UsageError: the compression ratio or the frame size is not positive.
    """

    name = "mdct-top-k"

    def __init__(self, compression_ratio: float, size: int) -> None:
        if not 0 < compression_ratio < np.inf or size < 1:
            raise UsageError(
                "mdct-top-k expects a positive compression_ratio and a size from 1, "
                f"got {compression_ratio} and {size}."
            )
        self.compression_ratio, self.size = compression_ratio, size

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Transform, keep the largest coefficients, transform back; return the estimate and its payload."""
        del context
        coefficients = mdct(clip.waveform, self.size)
        count = min(int(clip.waveform.size / (2 * self.compression_ratio)), coefficients.size)
        # The transform is orthonormal, so the squared error of the estimate is the sum of the squares of the
        # coefficients that are left out. It is smallest when the `count` largest ones are kept. The stable sort makes
        # the choice between equal magnitudes the same everywhere.
        kept = np.zeros_like(coefficients)
        positions = np.argsort(-np.abs(coefficients), axis=None, kind="stable")[:count]
        kept.flat[positions] = coefficients.flat[positions]
        position_bits = (coefficients.size - 1).bit_length()
        return imdct(kept, clip.waveform.size), Payload(2 * count, count * (32 + position_bits))
