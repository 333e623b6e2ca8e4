"""LayerNorm and ELU in Triton; hsbench.models.hypersound.norm_elu calls them, and says why.

`chunks` and `forward` go forward, `columns` and `backward` back. Arguments are x, y, slope and to_x [rows, size];
weight, bias, to_weight and to_bias [size]; moments [rows, 2], mean and one over the deviation; found, two numbers of
each program.
"""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def chunks(x, found, size, parts, BLOCK: tl.constexpr):
    """Mean, and sum of the squares around it, of each chunk of a row."""
    row, part = tl.program_id(0), tl.program_id(1)
    at = part * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    values = tl.load(x + row.to(tl.int64) * size + at, mask=inside, other=0).to(tl.float32)
    mean = tl.sum(values) / tl.minimum(size - part * BLOCK, BLOCK)
    apart = tl.where(inside, values - mean, 0)
    place = found + 2 * (row * parts + part)
    tl.store(place, mean)
    tl.store(place + 1, tl.sum(apart * apart))


@triton.jit
def forward(x, weight, bias, found, y, moments, size, parts, PARTS: tl.constexpr, eps, BLOCK: tl.constexpr):
    """Put the chunks' moments together, keep them, and play."""
    row, part = tl.program_id(0), tl.program_id(1)
    number = tl.arange(0, PARTS)
    counts = tl.maximum(tl.minimum(size - number * BLOCK, BLOCK), 0)
    place = found + 2 * (row * parts + number)
    means = tl.load(place, mask=number < parts, other=0)
    squares = tl.load(place + 1, mask=number < parts, other=0)
    mean = tl.sum(counts * means) / size
    apart = means - mean
    scale = 1 / tl.sqrt(tl.sum(squares + counts * apart * apart) / size + eps)
    if part == 0:
        tl.store(moments + 2 * row, mean)
        tl.store(moments + 2 * row + 1, scale)
    at = part * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    first = row.to(tl.int64) * size
    values = tl.load(x + first + at, mask=inside, other=0).to(tl.float32)
    u = (values - mean) * scale * tl.load(weight + at, mask=inside) + tl.load(bias + at, mask=inside)
    tl.store(y + first + at, tl.where(u > 0, u, tl.exp(u) - 1), mask=inside)


@triton.jit
def _sloped(x, weight, bias, moments, slope, row, size, at, inside):
    """Of some numbers of a row: normalised, the gradient that reaches them after ELU's slope, and the latter scaled."""
    place = row.to(tl.int64) * size + at
    normal = tl.load(x + place, mask=inside, other=0).to(tl.float32)
    normal = (normal - tl.load(moments + 2 * row)) * tl.load(moments + 2 * row + 1)
    scale = tl.load(weight + at, mask=inside, other=0)
    u = normal * scale + tl.load(bias + at, mask=inside, other=0)
    reached = tl.load(slope + place, mask=inside, other=0) * tl.where(u > 0, 1.0, tl.exp(u))
    return normal, reached, reached * scale


@triton.jit
def columns(x, weight, bias, moments, slope, found, to_weight, to_bias, rows, size, columns, BLOCK: tl.constexpr):
    """Gradients of weight and bias, and of each row the two sums that its own gradient needs."""
    column = tl.program_id(0)
    at = column * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    weights, biases = tl.zeros([BLOCK], tl.float32), tl.zeros([BLOCK], tl.float32)
    for row in range(rows):
        normal, reached, scaled = _sloped(x, weight, bias, moments, slope, tl.to_tensor(row), size, at, inside)
        weights += reached * normal
        biases += reached
        place = found + 2 * (row * columns + column)
        tl.store(place, tl.sum(scaled))
        tl.store(place + 1, tl.sum(scaled * normal))
    tl.store(to_weight + at, weights, mask=inside)
    tl.store(to_bias + at, biases, mask=inside)


@triton.jit
def backward(x, weight, bias, moments, slope, found, to_x, size, columns, COLUMNS: tl.constexpr, BLOCK: tl.constexpr):
    """The gradient of the input."""
    row, part = tl.program_id(0), tl.program_id(1)
    number = tl.arange(0, COLUMNS)
    place = found + 2 * (row * columns + number)
    along = tl.sum(tl.load(place, mask=number < columns, other=0)) / size
    across = tl.sum(tl.load(place + 1, mask=number < columns, other=0)) / size
    at = part * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    normal, _, scaled = _sloped(x, weight, bias, moments, slope, row, size, at, inside)
    gradient = (scaled - along - normal * across) * tl.load(moments + 2 * row + 1)
    tl.store(to_x + row.to(tl.int64) * size + at, gradient.to(to_x.dtype.element_ty), mask=inside)
