"""Quantisation of a clip's parameters to whole numbers of 5 to 8 bits, in a way that a coordinate network survives.

A format `int<b>-rows` stores three kinds of tensors in three ways:

    integers    every tensor with two or more axes but those of layer 0, one step size per row (one per output unit);
                the latents of a clip that is coded patch by patch, one step size per latent variable
    float16     biases of all layers but layer 0
    float32     weights and biases of layer 0, and constants such as learned frequencies

With L = 2^(b - 1) - 1 and m the largest |w| of a row, rounded to float16, the step size of the row is s = m / L, and

    q = round(w / s), limited to -L .. L,    decoded weight = s q

Why layer 0 stays as it is. A SIREN computes sin(omega_0 w t + b) there with omega_0 of some thousand, so an error e of
w shifts the phase at time t by omega_0 t e. The 8-bit step 1 / 127 of weights within +-1 errs by up to 0.004, which is
up to 8 rad at omega_0 = 2000: nothing of the first layer is left. All later layers see sines within +-1, and their
errors add up in power. Layer 0 of a SIREN of width h is 2 h of about 4 h^2 numbers. Its biases stay for the families
that compute sin(omega_0 (w t + b)): float16 has eleven significant bits, so b errs by up to |b| / 2048, and the phase
by omega_0 times as much.

Why one step per row. |w - s q| <= s / 2, and an error spread evenly over a step has the mean square s^2 / 12. The
signal-to-noise ratio of a row is therefore 12 L^2 / c^2 with the crest factor c = m / rms(w). Weights spread evenly
have c = sqrt(3), hence 4 L^2: 48 dB at 8 bits, 36 dB at 6, 30 dB at 5. One step for a whole tensor has to cover its
largest row, and every smaller row loses the difference.

`fp32` keeps everything. The formats of earlier versions, `fp16` and `int8`, rounded layer 0 as well and are gone.

The same rounding inside the last steps of a fit (`straight_through`) lets a network adapt to it.

Conventions: parameters are {name: [batch, *shape]} float32, one batch item per clip; w<layer> is a weight, b<layer> a
bias, t<level> a table of features.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

import torch

from hsbench.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FULL = "fp32"
BITS = {f"int{bits}-rows": bits for bits in (8, 7, 6, 5)}
"""Format -> bits of a whole number."""
FORMS = (FULL, *BITS)
REPLACED = ("fp16", "int8")
"""Formats of earlier versions, which rounded the first layer too."""

LATENTS = "latents"
"""Name of the latents of a clip, [latent variables, patches]."""
SHORTEST = 16
"""Numbers that a row of a tensor with three or more axes has at least, so that peaks cost at most a bit per number."""
INTEGERS, HALF, SINGLE = "integers", "float16", "float32"
"""Ways to store a tensor."""


class Levels(NamedTuple):
    """A tensor as whole numbers.

    Attributes:
        integers: q, [..., rows, numbers of a row] int32.
        peaks: m of each row, [..., rows] float16.
    """

    integers: torch.Tensor
    peaks: torch.Tensor


def check(form: str, setting: str = "weight_format") -> str:
    """Return the name of a format after checking it.

    Args:
        form: the format.
        setting: name of the setting that it is the value of.

    Raises:
        UsageError: the format is one of an earlier version.
        UnknownNameError: the format is not one of FORMS.
    """
    if form in REPLACED:
        raise UsageError(
            f"{setting} {form} rounded the first layer of an INR too and is gone; use one of {', '.join(FORMS)}."
        )
    if form not in FORMS:
        raise UnknownNameError(setting.replace("_", " "), form, FORMS)
    return form


def check_bits(bits: int | None, setting: str) -> int | None:
    """Return a number of bits after checking it; None stands for no rounding.

    Raises:
        UsageError: the number is not one of BITS.
    """
    if bits is not None and (isinstance(bits, bool) or bits not in BITS.values()):
        raise UsageError(f"{setting} expects a whole number of bits from 5 to 8, or none, got {bits!r}.")
    return bits


def way(name: str, dimensions: int) -> str:
    """Return how a parameter is stored: INTEGERS, HALF or SINGLE.

    Args:
        name: of the parameter, such as "w0".
        dimensions: number of axes of its shape, without the batch.
    """
    if name == LATENTS:
        return INTEGERS
    match = re.fullmatch(r"([a-z]+)(\d+)", name)
    kind, layer = (match[1], int(match[2])) if match else ("", 0)
    if kind == "b":
        return SINGLE if layer == 0 else HALF
    if kind == "t":
        return INTEGERS
    return SINGLE if layer == 0 or dimensions < 2 else INTEGERS


def rows(shape: Sequence[int]) -> int:
    """Return the number of rows of a tensor of whole numbers: leading axes, as many as leave SHORTEST numbers a row.

    A matrix [out, in] has a row for each output, a complex one [2, out, in] for each part of it.

    Args:
        shape: of the parameter, without the batch.
    """
    axes = max([1, *(axis for axis in range(1, len(shape)) if math.prod(shape[axis:]) >= SHORTEST)])
    return math.prod(shape[:axes])


def levels(value: torch.Tensor, bits: int) -> Levels:
    """Return the whole numbers of a tensor.

    A row that holds a number which is not finite gets a peak that is not finite either, so that it is still not finite
    after decoding.

    Args:
        value: [..., rows, numbers of a row] float32.
        bits: b, 5 to 8.
    """
    largest = 2 ** (bits - 1) - 1
    peaks = value.abs().amax(-1).half()
    step = _steps(peaks, bits)
    scaled = torch.where(step > 0, value / step, torch.zeros_like(value))
    integers = torch.nan_to_num(scaled, 0.0, 0.0, 0.0).round().clamp(-largest, largest).to(torch.int32)
    return Levels(integers, peaks)


def restored(stored: Levels, bits: int) -> torch.Tensor:
    """Return the decoded tensor, [..., rows, numbers of a row] float32.

    Args:
        stored: the tensor as whole numbers.
        bits: b, 5 to 8.
    """
    decoded: torch.Tensor = stored.integers.float() * _steps(stored.peaks, bits)
    return decoded


@torch.no_grad()
def rounded(params: Mapping[str, torch.Tensor], bits: int | None) -> dict[str, torch.Tensor]:
    """Return the parameters as they are decoded after storage, in float32.

    Args:
        params: {name: [batch, *shape]} float32.
        bits: b, 5 to 8; None keeps everything.
    """
    if bits is None:
        return dict(params)
    return {name: _rounded(name, value, bits) for name, value in params.items()}


def straight_through(params: Mapping[str, torch.Tensor], bits: int | None) -> dict[str, torch.Tensor]:
    """Return `rounded` parameters whose gradient passes on to the parameters as if nothing were rounded.

    Rounding has the derivative 0 almost everywhere, so a fit through it would stand still. With a bar for a value that
    is held constant, the sum of the rounded value and (w - bar w) equals the rounded value exactly and has the
    derivative 1 (Bengio et al. 2013, arXiv 1308.3432).

    Args:
        params: {name: [batch, *shape]} float32 that require a gradient.
        bits: b, 5 to 8; None rounds nothing.
    """
    if bits is None:
        return dict(params)
    held = rounded(params, bits)
    return {name: held[name].detach() + (value - value.detach()) for name, value in params.items()}


def plain_bits(shapes: Mapping[str, tuple[int, ...]], bits: int | None) -> int:
    """Return the bits of one clip's parameters without entropy coding: every number in its own format.

    Args:
        shapes: name of a parameter -> its shape, without a batch.
        bits: b, 5 to 8; None for 32 bits per number.
    """
    total = 0
    for name, shape in shapes.items():
        how = SINGLE if bits is None else way(name, len(shape))
        if how == INTEGERS:
            total += (bits or 0) * math.prod(shape) + 16 * rows(shape)
        else:
            total += (16 if how == HALF else 32) * math.prod(shape)
    return total


def _rounded(name: str, value: torch.Tensor, bits: int) -> torch.Tensor:
    """Round one parameter, [batch, *shape]."""
    how = way(name, value.dim() - 1)
    if how == INTEGERS:
        matrix = value.reshape(value.shape[0], rows(value.shape[1:]), -1)
        return restored(levels(matrix, bits), bits).view_as(value)
    return value.half().float() if how == HALF else value


def _steps(peaks: torch.Tensor, bits: int) -> torch.Tensor:
    """Return the step size of each row: [..., rows] -> [..., rows, 1] float32."""
    steps: torch.Tensor = (peaks.float() / (2 ** (bits - 1) - 1)).unsqueeze(-1)
    return steps
