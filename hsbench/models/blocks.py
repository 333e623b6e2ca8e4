"""Controls that store a few transform coefficients of each block of samples: block DCT and Karhunen-Loeve transform.

Both cut a clip into blocks of `size` samples, the last one filled up with zeros, and store the coefficients of the
first k vectors of an orthonormal basis for each block, k = size / c rounded for a compression ratio c. The choice is
the same for all blocks, so no positions are stored: a block costs k float32 numbers. Decoding adds up the k vectors.
Blocks do not overlap, so an estimate has jumps at their borders.

* `dct`: the vectors of lowest frequency of the DCT-II. Nothing is learned.
* `klt`: the first Karhunen-Loeve vectors (principal components) of the blocks of the training split. Of all linear
  codes with k numbers per block, they have the smallest mean squared error on these blocks (see
  hsbench.audio.block_basis). All clips share them.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench.descriptors import ModelDescriptor
from hsbench.errors import DataError, UsageError
from hsbench.models.base import NETWORK
from hsbench.models.clipwise import Clipwise, as_floats
from hsbench.widths import Operations

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context, Payload, Training

DESCRIPTORS = [
    ModelDescriptor(
        name="dct",
        target="hsbench.models.blocks:BlockDCT",
        summary="control: the lowest DCT coefficients of each block",
        trains=False,
        defaults={"compression_ratio": 1.0, "size": 256},
        operations="hsbench.models.blocks:operations",
        approach="transform coding",
    ),
    ModelDescriptor(
        name="klt",
        target="hsbench.models.blocks:BlockKLT",
        summary="control: the first principal components of each block",
        needs=("torch",),
        defaults={"compression_ratio": 1.0, "size": 256},
        operations="hsbench.models.blocks:operations",
        approach="transform coding",
    ),
]


def operations(settings: Mapping[str, Any], training: Mapping[str, Any], samples: int) -> Operations:
    """Count the operations of dct and klt: two matrix products, to and from the coefficients of every block.

    The training of klt is not counted.

    Args:
        settings: model settings.
        training: not used.
        samples: samples per clip.
    """
    del training
    size = settings["size"]
    encode = -(-samples // size) * 2.0 * size * _kept(size, settings["compression_ratio"])
    return Operations(0.0, 2 * encode, encode)


def _kept(size: int, compression_ratio: float) -> int:
    """Return the number of coefficients that are stored for each block."""
    return max(1, round(size / compression_ratio))


LARGEST = 4096
"""Largest number of samples per block; the basis is a matrix of this size."""
PASSAGES = 4096
"""Largest number of training passages; of more, this many at equal distances in the list are used."""


class BlockTransform(Clipwise):
    """Reconstruct a clip from the coefficients of a few basis vectors in each block.

    Args:
        compression_ratio: samples of a block per stored coefficient, at least 1. The number of coefficients is
            rounded and at least 1, so the exact ratio is that of the payload.
        size: samples per block.

    Attributes:
        kept: number of coefficients stored for each block.

    Raises:
        UsageError: the compression ratio is below 1, or the size is out of range.
    """

    def __init__(self, compression_ratio: float, size: int) -> None:
        if not isinstance(compression_ratio, int | float) or not 1 <= compression_ratio < np.inf:
            raise UsageError(f"{self.name}.compression_ratio expects a number from 1, got {compression_ratio!r}.")
        if not isinstance(size, int) or not 1 <= size <= LARGEST:
            raise UsageError(f"{self.name}.size expects a whole number of samples from 1 to {LARGEST}, got {size!r}.")
        self.size, self.kept = size, _kept(size, compression_ratio)

    @abstractmethod
    def basis(self) -> NDArray[np.float64]:
        """Return the orthonormal vectors whose coefficients are stored, [size, kept]."""

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Transform each block, keep the first coefficients, transform back; return the estimate and its payload."""
        del context
        samples, basis = clip.waveform.size, self.basis()
        blocks = np.pad(clip.waveform.astype(np.float64), (0, -samples % self.size)).reshape(-1, self.size)
        coefficients = blocks @ basis
        return (coefficients @ basis.T).reshape(-1)[:samples], as_floats(coefficients.size)


class BlockDCT(BlockTransform):
    """Reconstruct a clip from the lowest DCT coefficients of each block."""

    name = "dct"

    def basis(self) -> NDArray[np.float64]:
        """Return the DCT vectors of lowest frequency, [size, kept]."""
        from hsbench.audio.block_basis import dct_basis

        return dct_basis(self.size)[:, : self.kept]


class BlockKLT(BlockTransform):
    """Reconstruct a clip from the first principal components of each block; `fit` learns them."""

    name = "klt"

    def __init__(self, compression_ratio: float, size: int) -> None:
        super().__init__(compression_ratio, size)
        self._basis: NDArray[np.float64] | None = None

    def basis(self) -> NDArray[np.float64]:
        """Return the Karhunen-Loeve vectors of largest eigenvalue, [size, kept]."""
        assert self._basis is not None, "call fit first"
        return self._basis

    def fit(self, train: Training, context: Context) -> Mapping[str, Any]:
        """Compute the basis of the training passages, or load it from context.kept if an earlier process computed it.

        Args:
            train: clips of the training split.
            context: folders and progress of the run.

        Returns:
            Facts: total (numbers of the basis, which all clips share), clips_seen (training passages), seconds, status.

        Raises:
            UsageError: there are no training clips.
            DataError: the basis in context.kept is that of other settings.
        """
        from hsbench.fit import checkpoint

        file = context.kept / NETWORK
        if (trained := checkpoint.read(file)) is not None:
            tensors, facts = trained
            self._basis = self._checked({name: tensor.numpy() for name, tensor in tensors.items()}, file)
            return facts
        import torch

        start = time.perf_counter()
        self._basis, passages = self._learned(train, context)
        facts = {"total": self._basis.size, "clips_seen": passages}
        facts |= {"seconds": round(time.perf_counter() - start, 1), "status": "ok"}
        checkpoint.write(file, {"basis": torch.from_numpy(self._basis)}, facts)
        return facts

    def _learned(self, train: Training, context: Context) -> tuple[NDArray[np.float64], int]:
        """Return the basis, [size, kept], and the number of training passages that it was computed from.

        Raises:
            UsageError: there are no training clips.
        """
        from hsbench.audio.block_basis import block_correlation, karhunen_loeve

        if len(train) == 0:
            raise UsageError(
                "klt expects clips in the train split, and the corpus has none there; use a larger corpus."
            )
        passages = train.passages()
        # Corpora list their passages by speaker, so passages at equal distances in the list are from all speakers.
        count = min(len(passages), PASSAGES)
        chosen = [index * len(passages) // count for index in range(count)]
        correlation = block_correlation(passages, chosen, self.size, context.progress)
        return np.ascontiguousarray(karhunen_loeve(correlation)[1][:, : self.kept]), count

    def _checked(self, arrays: Mapping[str, NDArray[Any]], file: Path) -> NDArray[np.float64]:
        """Return the basis among the arrays of a file.

        Raises:
            DataError: the file has no such array, or one of another shape or type.
        """
        basis = arrays.get("basis")
        if basis is None or basis.shape != (self.size, self.kept) or basis.dtype != np.float64:
            found = ", ".join(f"{name} {array.dtype} {list(array.shape)}" for name, array in arrays.items())
            raise DataError(
                f"{file.resolve()} should hold a float64 basis [{self.size}, {self.kept}] and has {found}; "
                "restore it or train again."
            )
        return basis
