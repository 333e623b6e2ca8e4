"""Transform coding: the classical opponent of every INR that writes bits, with the same entropy coder.

* `mdct-coder`: coefficients of an orthonormal MDCT (hsbench.audio.mdct); nothing is learned.
* `klt-coder`: coefficients of each block in the Karhunen-Loeve basis of the blocks of the training split
  (hsbench.models.blocks); all clips share the basis.

Quantiser. All coefficients c have one step s and a dead zone:

    q = sign(c) floor(|c| / s + 1/3),    decoded coefficient = s q

Everything within +-2/3 s becomes 0, where plain rounding would do so within +-1/2 s. Coefficients of speech are mostly
small, so this saves more bits than it costs precision; and since small values are more frequent than large ones also
within an interval, the mean of the interval from q - 1/3 to q + 2/3 lies near q. Both transforms are orthonormal, so
the squared error of the waveform is that of the coefficients. One step for all of them is then the best choice for
squared error (reverse water-filling): where a further bit saves more error in one coefficient than in another, bits are
in the wrong place. It is not the best choice for hearing, and nothing here knows about hearing.

Payload: the whole numbers q, entropy-coded with adaptive tables (hsbench.models.coding); the step is a setting. A coder
stores bits and not real numbers, so `numbers` is 0 and no compression ratio is defined.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.audio.mdct import imdct, mdct
from hsbench.descriptors import ModelDescriptor
from hsbench.errors import UsageError
from hsbench.models.base import Payload, Reconstruction
from hsbench.models.blocks import BlockKLT
from hsbench.models.clipwise import Clipwise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context, Training

DESCRIPTORS = [
    ModelDescriptor(
        name="mdct-coder",
        target="hsbench.models.transform_coding:MDCTCoder",
        summary="transform coding: MDCT coefficients, uniform quantiser with a dead zone, entropy-coded",
        trains=False,
        needs=("constriction",),
        defaults={"step": 0.1, "size": 512},
    ),
    ModelDescriptor(
        name="klt-coder",
        target="hsbench.models.transform_coding:KLTCoder",
        summary="transform coding: principal components of blocks, uniform quantiser with a dead zone, entropy-coded",
        needs=("constriction", "torch"),
        defaults={"step": 0.1, "size": 256},
        decode_settings=("step",),
    ),
]

ROUNDING = 1 / 3
"""What is added to |c| / s before it is rounded down; 1/2 would be plain rounding, without a dead zone."""
COEFFICIENTS = "coefficients"


class TransformCoder(Clipwise):
    """Encode clips as quantised coefficients of an orthonormal transform.

    Args:
        step: step size of all coefficients, at full scale +-1.
        size: coefficients of a frame, or of a block.

    Raises:
        UsageError: a setting is out of range.
    """

    def __init__(self, step: float, size: int) -> None:
        if isinstance(step, bool) or not isinstance(step, int | float) or not 0 < step < np.inf:
            raise UsageError(f"{self.name}.step expects a positive number, got {step!r}.")
        if isinstance(size, bool) or not isinstance(size, int) or not 2 <= size <= 4096:
            raise UsageError(f"{self.name}.size expects a whole number from 2 to 4096, got {size!r}.")
        self.step, self.size = float(step), size

    @abstractmethod
    def transform(self, waveform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the coefficients of a waveform: [samples] -> [rows, size]."""

    @abstractmethod
    def inverse(self, coefficients: NDArray[np.float64], samples: int) -> NDArray[np.float64]:
        """Return the waveform of some coefficients: [rows, size] -> [samples]."""

    @abstractmethod
    def rows(self, samples: int) -> int:
        """Return the number of frames or blocks of a waveform."""

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Encode and decode a clip; return the estimate and its payload."""
        del context
        stream = self.encode(clip.waveform)
        return self.decode(stream, clip.waveform.size), Payload(0, 8 * len(stream))

    def reconstruct(self, clips: Sequence[Clip], context: Context) -> Iterator[Reconstruction]:
        """Encode and decode clips one by one; the estimate is decoded from the stream."""
        for clip, made in zip(clips, super().reconstruct(clips, context), strict=True):
            stream = self.encode(clip.waveform)
            facts = {"bits_side": 0, "bits_coded": 8 * len(stream)}
            yield dataclasses.replace(made, stream=stream, facts=facts)

    def encode(self, waveform: NDArray[np.float32]) -> bytes:
        """Return a clip's payload."""
        scaled = self.transform(waveform.astype(np.float64)) / self.step
        quantised = np.sign(scaled) * np.floor(np.abs(scaled) + ROUNDING)
        return self.pack({COEFFICIENTS: np.clip(quantised, -(2**31) + 1, 2**31 - 1).astype(np.int32)})

    def decode(self, stream: bytes, samples: int) -> NDArray[np.float32]:
        """Return the estimate of a clip, [samples]."""
        return self.waveform(self.unpack(stream, samples), samples)

    def waveform(self, weights: Mapping[str, NDArray[Any]], samples: int) -> NDArray[np.float32]:
        """Return the waveform of quantised coefficients, [samples]."""
        return self.inverse(self.step * weights[COEFFICIENTS].astype(np.float64), samples).astype(np.float32)

    def pack(self, weights: Mapping[str, NDArray[Any]]) -> bytes:
        """Return a clip's payload as bytes (see hsbench.models.base.Streaming)."""
        from hsbench.models.coding import entropy

        return entropy.encode([weights[COEFFICIENTS]])

    def unpack(self, stream: bytes, samples: int) -> Mapping[str, NDArray[Any]]:
        """Return the coefficients that a clip's payload holds (see hsbench.models.base.Streaming)."""
        from hsbench.models.coding import entropy

        (coefficients,) = entropy.decode(stream, [(self.rows(samples), self.size)])
        return {COEFFICIENTS: coefficients}


class MDCTCoder(TransformCoder):
    """Transform coding by the MDCT."""

    name = "mdct-coder"

    def transform(self, waveform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the MDCT of a waveform."""
        return mdct(waveform, self.size)

    def inverse(self, coefficients: NDArray[np.float64], samples: int) -> NDArray[np.float64]:
        """Return the inverse MDCT."""
        return imdct(coefficients, samples)

    def rows(self, samples: int) -> int:
        """Return the number of frames."""
        return -(-samples // self.size) + 1


class KLTCoder(TransformCoder):
    """Transform coding of blocks in the Karhunen-Loeve basis of the training split."""

    name = "klt-coder"

    def __init__(self, step: float, size: int) -> None:
        super().__init__(step, size)
        self._learner = BlockKLT(1.0, size)

    def fit(self, train: Training, context: Context) -> Mapping[str, Any]:
        """Learn the basis, or load it (see hsbench.models.blocks.BlockKLT.fit)."""
        return self._learner.fit(train, context)

    def transform(self, waveform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the coefficients of each block, the last one filled up with zeros."""
        return np.pad(waveform, (0, -waveform.size % self.size)).reshape(-1, self.size) @ self._learner.basis()

    def inverse(self, coefficients: NDArray[np.float64], samples: int) -> NDArray[np.float64]:
        """Return the blocks of some coefficients, joined."""
        return (coefficients @ self._learner.basis().T).reshape(-1)[:samples]

    def rows(self, samples: int) -> int:
        """Return the number of blocks."""
        return -(-samples // self.size)
