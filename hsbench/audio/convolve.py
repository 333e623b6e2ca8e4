"""Convolution layers in the frequency domain (overlap-save): the same function as conv1d, with fewer multiplications.

A layer reads blocks of 64 samples from a strip (hsbench.audio.strips), transforms them, multiplies the spectra by the
kernels' spectra at each frequency (a matrix over channels), and transforms back. Every step is a matrix product on
contiguous memory. For 15 taps, a block of 50 outputs takes 95 instead of 50 x 15 = 750 products per pair of channels,
an eighth; the transforms add 95 x 64 products per input channel and 95 x 50 per output channel. The error is that of
float32: about 5e-7 of the largest output after 16 layers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

from hsbench import cores
from hsbench.audio.strips import BEFORE

if TYPE_CHECKING:
    from hsbench.audio.strips import Memory, Strip

BLOCK = 64
SPAN = 1024
"""Number of blocks that are computed at once; it bounds the memory for spectra, whatever the length of the waveform."""

# Overlap-save. The layer computes y[t] = sum_k w[k] x[t + k], k = 0 ... K - 1, on the zero-padded input x. Take a block
# of N = 64 input samples, and let a = 2 pi f / N:
#
#     X[f] = sum_t x[t] exp(-i a t),     W[f] = sum_k w[k] exp(+i a k)
#
# Then W[f] X[f] = sum_t sum_k w[k] x[t] exp(-i a (t - k)). With s = (t - k) mod N this is the transform of
# sum_k w[k] x[(s + k) mod N]. For s <= N - K, no index wraps around: the first N - K + 1 ("hop") outputs of a block are
# those of the layer. The last K - 1 outputs are not, and are discarded. The next block begins hop samples later, so the
# valid outputs of successive blocks follow each other without a gap.
#
# Real arithmetic. x and w are real, so X[N - f] is the conjugate of X[f], and f = 0 ... N/2 suffice. A product of two
# complex numbers, Y = W X, takes three real products instead of four (r: real part, i: imaginary part):
#
#     P1 = Wr Xr,   P2 = Wi Xi,   P3 = (Wr + Wi)(Xr + Xi) = P1 + Wr Xi + Wi Xr + P2
#     Yr = P1 - P2,   Yi = Wr Xi + Wi Xr = P3 - P1 - P2
#
# The products are matrices over channels, and sums over input channels are linear, so this holds for them as well. Xr,
# Xi and Xr + Xi are each linear in x: one matrix (`_forward`) computes all three from a block. At f = 0 and f = N/2 all
# sines are zero, so Wi = Xi = 0 and P1 alone is needed: 33 + 31 + 31 = 95 rows. The inverse transform of a real result,
#
#     N y[s] = sum_f m_f (Yr cos(a s) - Yi sin(a s)),   m_f = 1 for f = 0 and N/2, else 2 (f and N - f together),
#
# becomes, with Yr and Yi written in P1, P2 and P3,
#
#     N y[s] = sum_f m_f (P1 (cos(a s) + sin(a s)) + P2 (sin(a s) - cos(a s)) - P3 sin(a s)),
#
# again one matrix (`_inverse`), of which only the rows s < hop are computed. A bias b is added to P1 at f = 0 as N b.
#
# Stride 2. y[t] = sum_k w[k] x[2t + k]. With k = 2j + r, r = 0 or 1, this is sum_r sum_j w[2j + r] x_r[t + j] for the
# even samples x_0[t] = x[2t] and the odd ones x_1[t] = x[2t + 1]: a layer of stride 1 with twice as many input channels
# and half as many taps (a zero is appended to an odd kernel). No output is computed only to be left out.


class FastConv:
    """A one-dimensional convolution layer: odd kernel, zero padding to equal length, stride 1 or 2, then a leaky ReLU.

    Args:
        weight: [out, in, taps], taps odd and at most 15.
        bias: [out].
        stride: 1 or 2.
        slope: slope of the leaky ReLU below 0; 1 for no nonlinearity.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor, stride: int = 1, slope: float = 1.0) -> None:
        self.pad, self.stride, self.slope = weight.shape[2] // 2, stride, slope
        if stride == 2:
            outputs, inputs, taps = weight.shape
            halves = F.pad(weight, (0, 1)).reshape(outputs, inputs, (taps + 1) // 2, 2)
            weight = halves.permute(0, 3, 1, 2).flatten(1, 2)
        self.outputs, self.inputs, taps = weight.shape
        self.hop = BLOCK - taps + 1
        angle = 2 * math.pi / BLOCK * torch.outer(torch.arange(BLOCK // 2 + 1.0), torch.arange(float(BLOCK))).double()
        kernels = weight.float().permute(2, 1, 0).reshape(taps, -1)
        self.kernels = (_forward(angle.cos(), angle.sin())[:, :taps].float() @ kernels).view(
            -1, self.inputs, self.outputs
        )
        self.forward = _forward(angle.cos(), -angle.sin()).float()
        self.inverse = _inverse(angle[:, : self.hop]).float()
        self.level = BLOCK * bias.float()

    def length(self, time: int) -> int:
        """Return the number of output samples for a number of input samples."""
        return -(-time // self.stride)

    def __call__(self, x: Strip, result: Strip, memory: Memory, workers: int) -> None:
        """Compute the layer.

        Args:
            x: input, of `inputs` channels; with stride 2, of half as many.
            result: output, of `outputs` channels and length(x.time) samples; it is overwritten.
            memory: where the spectra are kept.
            workers: number of threads that share the work.
        """
        count = -(-result.time // self.hop)
        blocks = x.blocks(self.pad, self.stride, BLOCK, self.hop, count)
        valid = result.rows[BEFORE : BEFORE + count * self.hop].view(count, self.hop, self.outputs)
        for first in range(0, count, SPAN):
            self._span(blocks[first : first + SPAN], valid[first : first + SPAN], memory, workers)
        result.rows[BEFORE + result.time : BEFORE + count * self.hop].zero_()

    def _span(self, blocks: torch.Tensor, valid: torch.Tensor, memory: Memory, workers: int) -> None:
        """Compute the outputs `valid` [blocks, hop, outputs] from `blocks` [blocks, BLOCK, inputs].

        The three steps run one after the other, each of them on all threads.
        """
        count, rows = len(blocks), len(self.kernels)
        spectra = memory.array("spectra", count, rows, self.inputs)
        products = memory.array("products", count, rows, self.outputs)

        @torch.inference_mode()
        def transform(part: slice) -> None:
            torch.matmul(self.forward, blocks[part], out=spectra[part])

        @torch.inference_mode()
        def multiply(part: slice) -> None:
            torch.bmm(spectra.transpose(0, 1)[part], self.kernels[part], out=products.transpose(0, 1)[part])
            if part.start == 0:
                products[:, 0] += self.level

        @torch.inference_mode()
        def invert(part: slice) -> None:
            torch.matmul(self.inverse, products[part], out=valid[part])
            if self.slope != 1:
                F.leaky_relu_(valid[part], self.slope)

        for step, size in ((transform, count), (multiply, rows), (invert, count)):
            cores.share(step, size, workers)


def _forward(real: torch.Tensor, imaginary: torch.Tensor) -> torch.Tensor:
    """Stack the rows of real parts, imaginary parts and their sums: two of [BLOCK / 2 + 1, n] -> [95, n]."""
    inner = slice(1, -1)
    return torch.cat([real, imaginary[inner], (real + imaginary)[inner]])


def _inverse(angle: torch.Tensor) -> torch.Tensor:
    """Return the matrix from the three products to the output samples: angles [BLOCK / 2 + 1, n] -> [n, 95]."""
    inner, multiplicity = slice(1, -1), torch.full((len(angle), 1), 2.0).double()
    multiplicity[0] = multiplicity[-1] = 1
    first = multiplicity * angle.cos()
    first[inner] += 2 * angle[inner].sin()
    second, third = 2 * (angle.sin() - angle.cos())[inner], -2 * angle.sin()[inner]
    return torch.cat([first, second, third]).T.contiguous() / BLOCK
