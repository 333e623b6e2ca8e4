"""Orthonormal bases for blocks of samples: the DCT-II, and the Karhunen-Loeve basis of recorded sound.

Conventions: a block is a vector of `size` successive samples. A basis is [size, size] float64; its columns are the
basis vectors, in the order in which a code for blocks keeps them.

References: Ahmed, Natarajan and Rao 1974, "Discrete cosine transform"; Eckart and Young 1936, "The approximation of
one matrix by another of lower rank".
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from hsbench.audio.passages import Passages

STRETCH = 1 << 15
"""Samples of a passage that are processed at once, which limits the memory that a long passage needs."""
TILT = 1e-9
"""Preference for the lowest over the highest frequency where eigenvalues are equal, relative to their mean."""


@functools.lru_cache(maxsize=4)
def dct_basis(size: int) -> NDArray[np.float64]:
    """Return the basis of the orthonormal DCT-II, from the lowest frequency to the highest.

    Vector k is sqrt(2 / size) cos(pi / size (n + 1/2) k) for n = 0 ... size - 1; vector 0 is divided by sqrt(2).
    """
    n, k = np.arange(size)[:, None] + 0.5, np.arange(size)
    basis: NDArray[np.float64] = np.sqrt(2 / size) * np.cos(np.pi / size * n * k)
    basis[:, 0] /= np.sqrt(2)
    return basis


# The mean of b b^t over all blocks b of a sound, wherever they start, needs no product per block. With M blocks that
# start at 0 ... M - 1, the sum has the elements
#
#     S[i, j] = sum_{m=0..M-1} x[m + i] x[m + j]
#
# One step down the diagonal moves the window of the sum by one sample:
#
#     S[i + 1, j + 1] = S[i, j] + x[M + i] x[M + j] - x[i] x[j]
#
# The first row, S[0, j] = sum_m x[m] x[m + j], is a correlation, which an FFT computes; all other elements follow from
# it. Both equations are linear in S, so the first rows and the matrices E[i, j] = x[M + i] x[M + j] - x[i] x[j] of all
# stretches of sound are added up first, and the diagonals are summed once at the end.


def block_correlation(
    passages: Passages, chosen: Sequence[int], size: int, progress: Callable[[int, int], None]
) -> NDArray[np.float64]:
    """Return the correlation matrix of the blocks of passages: the mean of b b^t over all blocks b, [size, size].

    A block starts at every sample of a passage where a whole block fits. Each passage is divided by its peak first; one
    that is shorter than a block is filled up with zeros.

    Args:
        passages: stretches of sound.
        chosen: numbers of the passages to use, at least one.
        size: samples per block.
        progress: receives (done, total), counted in passages.
    """
    first_row, ends, blocks = np.zeros(size), np.zeros((size - 1, size - 1)), 0
    for done, number in enumerate(chosen, start=1):
        start, length = int(passages.starts[number]), int(passages.lengths[number])
        passage = passages.samples[start : start + length]
        peak = max(int(passage.max(initial=0)), -int(passage.min(initial=0)), 1)
        count, step = max(1, length - size + 1), max(1, STRETCH - size + 1)
        for begin in range(0, count, step):  # the blocks that start at begin ... begin + step - 1
            stretch = passage[begin : begin + step + size - 1] / peak
            _add_stretch(np.pad(stretch, (0, max(0, size - stretch.size))), first_row, ends)
        blocks += count
        progress(done, len(chosen))
    total = np.zeros((size, size))
    total[0] = first_row
    for row in range(size - 1):
        total[row + 1, row + 1 :] = total[row, row:-1] + ends[row, row:]
    mean: NDArray[np.float64] = (np.triu(total) + np.triu(total, 1).T) / blocks
    return mean


def _add_stretch(x: NDArray[np.float64], first_row: NDArray[np.float64], ends: NDArray[np.float64]) -> None:
    """Add the sums over all blocks of a stretch of sound in place.

    Args:
        x: [samples], at least one block.
        first_row: [size], S[0, j] of the comment above.
        ends: [size - 1, size - 1], E of the comment above.
    """
    count = x.size - first_row.size + 1
    # The correlation is circular with the period of the FFT. No product wraps around, since m + j < x.size.
    period = 1 << (x.size - 1).bit_length()
    spectrum = np.fft.rfft(x, period) * np.fft.rfft(x[:count], period).conj()
    first_row += np.fft.irfft(spectrum, period)[: first_row.size]
    before, after = x[: first_row.size - 1], x[count:]
    ends += np.outer(after, after) - np.outer(before, before)


# Why the first k eigenvectors of the correlation matrix R = E[b b^t] are the best k vectors. A linear code computes k
# numbers A b from a block and decodes them as B A b, so Q = B A is a matrix of rank at most k. Its expected squared
# error is
#
#     E |b - Q b|^2 = tr (1 - Q) R (1 - Q)^t = |R^(1/2) - Q R^(1/2)|_F^2
#
# which is the distance of R^(1/2) from a matrix of rank at most k. By the theorem of Eckart and Young it is at least
# the sum of the squares of the singular values of R^(1/2) after the k-th: the eigenvalues of R after the k-th. With
# the first k eigenvectors V and Q = V V^t, the error is exactly this sum.
#
# The mean is not subtracted. A code with a shared mean m would decode m + Q (b - m), which is no longer silence for
# silence, nor twice as loud for a block that is twice as loud. R is that of this linear code, mean included.
#
# Where eigenvalues are equal, for example all zero because the sound lacks a band, rounding errors would choose the
# basis of their eigenvectors. Adding a small diagonal matrix T to R in the DCT domain makes the choice the same
# everywhere: its elements fall linearly from TILT tr(R) / size at the lowest frequency to 0 at the highest, so low
# frequencies come first. The basis V then minimises the error minus tr(V^t T V), a term between 0 and
# k TILT tr(R) / size. The error therefore exceeds the smallest possible one by at most TILT tr(R): a billionth of the
# sound's energy, or -90 dB.


def karhunen_loeve(correlation: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the eigenvalues of a correlation matrix in falling order, [size], and its Karhunen-Loeve basis.

    The DCT coefficient of largest magnitude of each basis vector is positive. (The sample of largest magnitude would
    not determine the sign: eigenvectors of a stationary sound are even or odd in time, so the magnitude occurs twice.)

    Args:
        correlation: [size, size], symmetric, positive semidefinite. For zeros, the basis is that of the DCT.
    """
    size = len(correlation)
    cosines = dct_basis(size)
    tilt = TILT * (float(np.trace(correlation)) / size or 1.0) * np.linspace(1, 0, size)
    values, rotation = np.linalg.eigh(cosines.T @ correlation @ cosines + np.diag(tilt))
    values, rotation = values[::-1], rotation[:, ::-1]
    largest = np.take_along_axis(rotation, np.abs(rotation).argmax(0)[None], 0)
    return values, cosines @ (rotation * np.sign(largest))
