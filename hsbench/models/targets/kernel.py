"""Target networks in Triton: a program plays some times of one clip, and no activation leaves the chip.

Weights come padded with zeros to powers of two, which neither gives nor gets anything. Hidden layers multiply in the
type of their weights (float32, or bfloat16 with float32 sums); a first layer of one input, biases, activations and the
last layer are float32; on the way back activations and their slopes are kept in the type of the weights.
hsbench.models.targets.fused calls them.
"""

from __future__ import annotations

import os

import triton
import triton.language as tl

INTERPRETED = tl.constexpr(os.environ.get("TRITON_INTERPRET") == "1")
"""Triton's interpreter multiplies the bits of bfloat16 as if they were whole numbers, so there it gets their values."""


@triton.jit
def forward(
    features, stride, w0, w, b, last, out, time,
    INPUTS: tl.constexpr, P: tl.constexpr, HIDDEN: tl.constexpr, SINE: tl.constexpr, TIMES: tl.constexpr,
):  # fmt: skip
    """Play.

    Grid: clips, tiles of TIMES. Reads features [clips or 1, INPUTS, time], with stride 0 where one clip's are all
    clips', w0 [clips, P, INPUTS], w [clips, HIDDEN - 1, P, P], b [clips, HIDDEN, P] and last [clips, P]; writes
    out [clips, time].
    """
    clip = tl.program_id(0).to(tl.int64)
    times = tl.program_id(1) * TIMES + tl.arange(0, TIMES)
    x = _read(features + clip * stride, times, time, INPUTS)
    z = _first(x, w0 + clip * P * INPUTS, b + clip * HIDDEN * P, INPUTS, P)
    for layer in tl.static_range(1, HIDDEN):
        place = clip * (HIDDEN - 1) + layer - 1
        z = _hidden(_active(z, SINE), w + place * P * P, b + (clip * HIDDEN + layer) * P, P)
    weights = tl.load(last + clip * P + tl.arange(0, P))
    tl.store(out + clip * time + times, tl.sum(weights[:, None] * _active(z, SINE), 0), mask=times < time)


@triton.jit
def backward(
    features, stride, w0, w, b, last, slope, to_w0, to_w, to_b, to_last, time,
    INPUTS: tl.constexpr, P: tl.constexpr, HIDDEN: tl.constexpr, SINE: tl.constexpr, TIMES: tl.constexpr,
):  # fmt: skip
    """Play again, and add up the gradients.

    Grid: clips, groups; a group takes every so manieth tile. Reads what `forward` reads, and slope [clips, time], the
    gradient of what was played; adds to to_w0, to_w, to_b and to_last, [groups, *the shape of what they are for].
    """
    clip, group = tl.program_id(0).to(tl.int64), tl.program_id(1).to(tl.int64)
    mine = group * tl.num_programs(0) + clip
    features += clip * stride
    w0, b, last = w0 + clip * P * INPUTS, b + clip * HIDDEN * P, last + clip * P
    to_w0, to_b, to_last = to_w0 + mine * P * INPUTS, to_b + mine * HIDDEN * P, to_last + mine * P
    w, to_w = w + clip * (HIDDEN - 1) * P * P, to_w + mine * (HIDDEN - 1) * P * P
    unit = tl.arange(0, P)
    NUMBER: tl.constexpr = w.dtype.element_ty
    for tile in range(group, tl.cdiv(time, TIMES), tl.num_programs(1)):
        times = tile * TIMES + tl.arange(0, TIMES)
        given = _read(features, times, time, INPUTS)
        z = _first(given, w0, b, INPUTS, P)
        x, bend = (_active(z, SINE).to(NUMBER),), (_bend(z, SINE).to(NUMBER),)
        for layer in tl.static_range(1, HIDDEN):
            z = _hidden(x[layer - 1], w + (layer - 1) * P * P, b + layer * P, P)
            x += (_active(z, SINE).to(NUMBER),)
            bend += (_bend(z, SINE).to(NUMBER),)
        reached = tl.load(slope + clip * time + times, mask=times < time, other=0)
        _add(to_last + unit, tl.sum(x[HIDDEN - 1] * reached[None, :], 1))
        d = tl.load(last + unit)[:, None] * reached[None, :] * bend[HIDDEN - 1]
        for layer in tl.static_range(HIDDEN - 1, 0, -1):
            matrix = (layer - 1) * P * P
            _add(to_b + layer * P + unit, tl.sum(d, 1))
            _add(_at(to_w + matrix, P, P), _times(d, tl.trans(x[layer - 1]), NUMBER))
            d = _times(tl.trans(tl.load(_at(w + matrix, P, P))), d, NUMBER) * bend[layer - 1]
        _add(to_b + unit, tl.sum(d, 1))
        if INPUTS == 1:
            _add(to_w0 + unit, tl.sum(d * given, 1))
        else:
            _add(_at(to_w0, P, INPUTS), _times(d, tl.trans(given), w0.dtype.element_ty))


@triton.jit
def _read(features, times, time, INPUTS: tl.constexpr):
    """[INPUTS, times], zero beyond the end."""
    place = features + tl.arange(0, INPUTS)[:, None] * time + times[None, :]
    return tl.load(place, mask=(times < time)[None, :], other=0)


@triton.jit
def _first(x, w0, b, INPUTS: tl.constexpr, P: tl.constexpr):
    """The first layer before its activation, [P, times]."""
    if INPUTS == 1:
        z = tl.load(w0 + tl.arange(0, P))[:, None] * x
    else:
        z = _times(tl.load(_at(w0, P, INPUTS)), x, w0.dtype.element_ty)
    return z + tl.load(b + tl.arange(0, P))[:, None]


@triton.jit
def _hidden(x, w, b, P: tl.constexpr):
    """A hidden layer before its activation, [P, times]."""
    return _times(tl.load(_at(w, P, P)), x, w.dtype.element_ty) + tl.load(b + tl.arange(0, P))[:, None]


@triton.jit
def _active(z, SINE: tl.constexpr):
    """The activation."""
    return tl.sin(z) if SINE else tl.maximum(z, 0.0)


@triton.jit
def _bend(z, SINE: tl.constexpr):
    """Its derivative."""
    return tl.cos(z) if SINE else tl.where(z > 0, 1.0, 0.0)


@triton.jit
def _times(a, b, TYPE: tl.constexpr):
    """A matrix product of numbers of a type, with float32 sums."""
    a, b = a.to(TYPE), b.to(TYPE)
    if INTERPRETED:
        a, b = a.to(tl.float32), b.to(tl.float32)
    return tl.dot(a, b, input_precision="ieee")


@triton.jit
def _at(place, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    """Where a matrix lies."""
    return place + tl.arange(0, ROWS)[:, None] * COLUMNS + tl.arange(0, COLUMNS)[None, :]


@triton.jit
def _add(place, value):
    """Add to what this program alone writes."""
    tl.store(place, tl.load(place) + value)
