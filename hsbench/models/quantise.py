"""Quantisation of a clip's parameters to float32, float16 or 8-bit whole numbers, and the bits that each format costs.

`int8` is symmetric with one step size s per tensor and clip:

    s = max |w| / 127,    q = round(w / s),    decoded weight = s q

Each tensor stores its q in 8 bits and its s as a float32. Parameters are rounded after the fit and not trained again:
this is the simplest quantiser and says nothing about the best one.

Quantisation error of `int8`:

* |w / s| <= 127, so q always lies within -127 .. 127 and nothing is clipped.
* Rounding errs by at most half a step: |w - s q| <= s / 2 = max |w| / 254.
* An error spread evenly over one step has the mean square s^2 / 12. With the crest factor c = max |w| / rms(w), the
  signal-to-noise ratio of a tensor is rms^2 / (s^2 / 12) = 12 x 127^2 / c^2, that is 52.9 dB - 20 log10(c). Uniform
  weights have c = sqrt(3), hence 48.1 dB; a tensor whose largest weight is ten times its rms gets 32.9 dB.

`fp16` rounds to 11 significant bits. The error is at most 2^-11 |w| for 2^-14 <= |w| <= 65 504, and at most 2^-25 below
that range. Larger values become infinite.

Conventions: parameters are {name: [batch, *shape]} float32, one batch item per clip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hsbench.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMS = ("fp32", "fp16", "int8")


def check(form: str) -> str:
    """Return the name of a weight format after checking it.

    Raises:
        UnknownNameError: the format is not one of FORMS.
    """
    if form not in FORMS:
        raise UnknownNameError("weight format", form, FORMS)
    return form


@torch.no_grad()
def stored(params: Mapping[str, torch.Tensor], form: str) -> dict[str, torch.Tensor]:
    """Return the parameters after storage in a format and decoding, in float32.

    Args:
        params: {name: [batch, *shape]} float32.
        form: one of FORMS.
    """
    if form == "fp16":
        return {name: value.half().float() for name, value in params.items()}
    if form == "int8":
        return {name: _rounded_to_int8(value) for name, value in params.items()}
    return dict(params)


def bits(sizes: Mapping[str, int], form: str) -> int:
    """Return the number of bits that the parameters of one clip need.

    Args:
        sizes: tensor name -> how many numbers the tensor has.
        form: one of FORMS.
    """
    if form == "int8":
        return 8 * sum(sizes.values()) + 32 * len(sizes)
    return {"fp32": 32, "fp16": 16}[form] * sum(sizes.values())


def _rounded_to_int8(value: torch.Tensor) -> torch.Tensor:
    """Round each batch item to multiples of its own step size: [batch, *shape] -> the same shape."""
    # The clamp keeps the step of an all-zero tensor positive, so that 0 / s is 0 and not NaN.
    scale = value.abs().flatten(1).amax(1).clamp(min=torch.finfo(value.dtype).tiny) / 127
    scale = scale.view(-1, *[1] * (value.dim() - 1))
    return (value / scale).round() * scale
