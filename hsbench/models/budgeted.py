"""Controls that spend an INR's budget of numbers in the two classical ways: fewer samples, or the largest coefficients.

Both take a compression ratio c: a clip of n samples may cost n / c numbers.

* `decimation`: the clip at the nearest rate that gives as many samples (by the one resampler of the house, to 1 / c of
  the rate), and interpolated back by the same resampler. It keeps the lowest 1 / c of the band.
* `mdct-top-k`: the coefficients of largest magnitude of an orthonormal MDCT. Each costs two numbers, its value and its
  place, so half as many are kept; in bits, a float32 and the place as a whole number.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from hsbench.audio.mdct import imdct, mdct
from hsbench.descriptors import ModelDescriptor
from hsbench.errors import UsageError
from hsbench.models.base import Payload
from hsbench.models.clipwise import Clipwise, as_floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context

DESCRIPTORS = [
    ModelDescriptor(
        name="decimation",
        target="hsbench.models.budgeted:Decimation",
        summary="control: fewer samples, interpolated back",
        needs=("torch", "torchaudio"),
        defaults={"compression_ratio": 1.0},
    ),
    ModelDescriptor(
        name="mdct-top-k",
        target="hsbench.models.budgeted:MDCTTopK",
        summary="control: the largest MDCT coefficients and their places",
        defaults={"compression_ratio": 1.0, "size": 512},
    ),
]


class Decimation(Clipwise):
    """Fewer samples.

    Raises:
        UsageError: the compression ratio is below 1.
    """

    name = "decimation"

    def __init__(self, compression_ratio: float) -> None:
        if not 1 <= compression_ratio < np.inf:
            raise UsageError(f"decimation.compression_ratio expects a number from 1, got {compression_ratio}.")
        self.ratio = Fraction(compression_ratio).limit_denominator(100)

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """The kept samples, interpolated."""
        from hsbench.audio.resample import resample
        from hsbench.fit.precision import pin

        pin("cpu", context.threads)
        high, low = self.ratio.numerator, self.ratio.denominator
        kept = resample(clip.waveform, high, low)
        return resample(kept, low, high)[: clip.waveform.size], as_floats(kept.size)


class MDCTTopK(Clipwise):
    """The largest coefficients.

    Raises:
        UsageError: the compression ratio or the size of a frame is not positive.
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
        """The inverse transform of the coefficients kept."""
        del context
        coefficients = mdct(clip.waveform, self.size)
        count = min(int(clip.waveform.size / (2 * self.compression_ratio)), coefficients.size)
        kept = np.zeros_like(coefficients)
        places = np.argsort(-np.abs(coefficients), axis=None, kind="stable")[:count]
        kept.flat[places] = coefficients.flat[places]
        place_bits = (coefficients.size - 1).bit_length()
        return imdct(kept, clip.waveform.size), Payload(2 * count, count * (32 + place_bits))
