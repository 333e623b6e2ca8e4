"""The modified discrete cosine transform (MDCT), orthonormal, with the sine window.

A frame brings `size` new samples and gives `size` coefficients; its window spans 2 size samples, so successive windows
overlap by half. The first frame begins `size` samples before the waveform, so that every sample lies under two
windows. Definition, with N = size, for n = 0 ... 2N - 1 and k = 0 ... N - 1:

    X[k] = sqrt(2 / N) sum_n w[n] x[n] cos(pi / N (n + 1/2 + N/2) (k + 1/2))        w[n] = sin(pi (n + 1/2) / 2N)

The transform preserves energy, and its transpose is its inverse.

Reference: Princen, Johnson and Bradley 1987, "Subband/transform coding using filter bank designs based on time domain
aliasing cancellation".
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Why the transpose is the inverse, although a frame has half as many coefficients as samples ("time-domain alias
# cancellation"). Write c_k[n] for the cosine, without window and factor.
#
# 1. One frame, forwards and back without a window, gives sum_k (2 / N) c_k[n] c_k[m] for output n and input m. By
#    cos a cos b = (cos(a - b) + cos(a + b)) / 2 this is
#
#        1/N sum_k cos(pi/N (n - m) (k + 1/2)) + 1/N sum_k cos(pi/N (n + m + 1 + N) (k + 1/2))
#
#    and sum_{k=0..N-1} cos(pi/N d (k + 1/2)) is N for d = 0 and 4N, -N for d = 2N, and 0 for any integer d that is
#    no multiple of 2N. Here |n - m| < 2N and N < n + m + 1 + N < 5N. The first sum is therefore 1 for n = m and 0
#    otherwise. The second is -1 for n + m = N - 1 (both in the first half of the frame, m the mirror image of n), +1
#    for n + m = 3N - 1 (both in the second half, mirrored), and 0 otherwise. With u and v for the halves of the frame
#    and R for reversal in time:
#
#        (u, v)  ->  (u - R u, v + R v)
#
#    Each half comes back with its mirror image added: the alias.
#
# 2. With the window before and after, halves p and q of the window, q = R p:
#
#        (u, v)  ->  (p (p u - R(p u)), q (q v + R(q v)))
#
# 3. N samples x are the second half of one frame and the first half of the next. The sum of both contributions is
#
#        q (q x + R(q x)) + p (p x - R(p x))  =  (q^2 + p^2) x + (q R(q) - p R(p)) R(x)
#
#    R(q) = p and R(p) = q, so the alias has the factor q p - p q = 0. p and q are a sine and a cosine of the same
#    angle, so q^2 + p^2 = 1: the sum is x.
#
# The transform T thus satisfies T^t T = 1, and so |T x|^2 = x^t T^t T x = |x|^2: energy is preserved.


@functools.lru_cache(maxsize=4)
def _basis(size: int) -> NDArray[np.float64]:
    """Return the windowed and scaled cosines [2 size, size]."""
    n, k = np.arange(2 * size)[:, None] + 0.5, np.arange(size) + 0.5
    window = np.sin(np.pi * n / (2 * size))
    basis: NDArray[np.float64] = np.sqrt(2 / size) * window * np.cos(np.pi / size * (n + size / 2) * k)
    return basis


def mdct(waveform: NDArray[np.floating], size: int) -> NDArray[np.float64]:
    """Transform a waveform to MDCT coefficients.

    Args:
        waveform: [samples].
        size: number of coefficients per frame.

    Returns:
        [ceil(samples / size) + 1, size].
    """
    frames = -(-waveform.size // size) + 1
    padded = np.zeros((frames + 1) * size)
    padded[size : size + waveform.size] = waveform
    blocks = padded.reshape(frames + 1, size)
    return np.concatenate([blocks[:-1], blocks[1:]], axis=1) @ _basis(size)


def imdct(coefficients: NDArray[np.float64], samples: int) -> NDArray[np.float64]:
    """Transform MDCT coefficients back to a waveform.

    Args:
        coefficients: [frames, size].
        samples: length of the waveform.

    Returns:
        [samples].
    """
    frames, size = coefficients.shape
    windows = coefficients @ _basis(size).T
    blocks = np.zeros((frames + 1, size))
    blocks[:-1] += windows[:, :size]
    blocks[1:] += windows[:, size:]
    return blocks.reshape(-1)[size : size + samples]
