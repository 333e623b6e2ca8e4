"""The modified discrete cosine transform (MDCT), orthonormal, with the sine window.

A frame of `size` new samples gives `size` coefficients; its window reaches over 2 size samples. The transform is an
orthogonal map: energy is kept, and its transpose is its inverse. Frames begin one before the signal, so that every
sample lies under two windows. Definition, for window w and n = 0 ... 2N - 1:

    X[k] = sqrt(2 / N) sum_n w[n] x[n] cos(pi / N (n + 1/2 + N/2) (k + 1/2))        w[n] = sin(pi (n + 1/2) / 2N)

Reference: Princen, Johnson and Bradley 1987, "Subband/transform coding using filter bank designs based on time domain
aliasing cancellation".
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@functools.lru_cache(maxsize=4)
def _basis(size: int) -> NDArray[np.float64]:
    """Windowed cosines [2 size, size]."""
    n, k = np.arange(2 * size)[:, None] + 0.5, np.arange(size) + 0.5
    window = np.sin(np.pi * n / (2 * size))
    basis: NDArray[np.float64] = np.sqrt(2 / size) * window * np.cos(np.pi / size * (n + size / 2) * k)
    return basis


def mdct(waveform: NDArray[np.floating], size: int) -> NDArray[np.float64]:
    """Coefficients of a signal.

    Args:
        waveform: [samples].
        size: coefficients per frame.

    Returns:
        [ceil(samples / size) + 1, size].
    """
    frames = -(-waveform.size // size) + 1
    padded = np.zeros((frames + 1) * size)
    padded[size : size + waveform.size] = waveform
    blocks = padded.reshape(frames + 1, size)
    return np.concatenate([blocks[:-1], blocks[1:]], axis=1) @ _basis(size)


def imdct(coefficients: NDArray[np.float64], samples: int) -> NDArray[np.float64]:
    """The signal of given length: [frames, size] -> [samples]."""
    frames, size = coefficients.shape
    windows = coefficients @ _basis(size).T
    blocks = np.zeros((frames + 1, size))
    blocks[:-1] += windows[:, :size]
    blocks[1:] += windows[:, size:]
    return blocks.reshape(-1)[size : size + samples]
