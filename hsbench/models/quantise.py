"""What a clip's parameters cost in bits: kept as float32, float16 or 8-bit whole numbers.

`int8` is symmetric and by tensor: q = round(w / s), s = max |w| / 127; each tensor also stores its s as a float32.
Nothing is trained anew, so it is the plainest way to spend fewer bits and no claim about the best one.

Conventions: parameters are {name: [batch, *shape]} float32, one item per clip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hsbench.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMS = ("fp32", "fp16", "int8")


def check(form: str) -> str:
    """The form, if it is one.

    Raises:
        UnknownNameError: it is none.
    """
    if form not in FORMS:
        raise UnknownNameError("weight format", form, FORMS)
    return form


@torch.no_grad()
def stored(params: Mapping[str, torch.Tensor], form: str) -> dict[str, torch.Tensor]:
    """The parameters as they come back from a store of that form; a float16 beyond its range is infinite."""
    if form == "fp16":
        return {name: value.half().float() for name, value in params.items()}
    if form == "int8":
        return {name: _eight_bits(value) for name, value in params.items()}
    return dict(params)


def bits(sizes: Mapping[str, int], form: str) -> int:
    """What the parameters of one clip cost.

    Args:
        sizes: numbers by tensor.
        form: one of FORMS.
    """
    if form == "int8":
        return 8 * sum(sizes.values()) + 32 * len(sizes)
    return {"fp32": 32, "fp16": 16}[form] * sum(sizes.values())


def _eight_bits(value: torch.Tensor) -> torch.Tensor:
    scale = value.abs().flatten(1).amax(1).clamp(min=torch.finfo(value.dtype).tiny) / 127
    scale = scale.view(-1, *[1] * (value.dim() - 1))
    return (value / scale).round() * scale
