"""The form in which a GPU evaluates target networks: time cut into stretches, and widths padded. The same function.

Why time is cut. The gradient of a weight matrix W of one clip is a sum over all times t,

    dL / dW = sum_t d_t x_t^T,    d_t = dL / d(W x_t),

a product [out, time] x [time, in] whose result has some 90 x 90 numbers. A GPU divides the result of a product among
its multiprocessors, and such a result is a few tiles, so that a handful of an H100's 132 multiprocessors add up 32 768
times each. With time cut into S stretches, each stretch is a batch entry of its own with the weights of its clip. An
output depends on its own time alone, so the outputs are the same, and

    dL / dW = sum_s sum_{t in s} d_t x_t^T

are S times as many products, whose sum autograd takes where it undoes the expansion of the weights.

Why widths are padded. Tensor cores read 16 bytes at once, and a row of 90 numbers of 2 or 4 bytes does not begin at a
multiple of 16 bytes. Let each layer have further units whose weights, biases and factors are zero:

    W' = [[W, 0], [0, 0]],   b' = [b; 0],   s' = [s; 0],   x' = [x; a],

where a = activation(0) is the output of the further units of the layer before. Then

    s' (W' x' + b') = [s (W x + b); 0]

for every a, so the units of the network keep their outputs. Backwards, dL / dx' = W'^T d' = [W^T d; 0]: the further
units get no gradient, so d' = [d; 0], and dL / dW' = d' x'^T = [[d x^T, d a^T], [0, 0]]. Its first block is the
gradient of W. For ReLU and sine a is 0, so all the rest is zero as well; in any case the padding cuts it off and no
parameter gets it. That holds for activations that act on each unit alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from torch.nn import functional as F

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    Params = Mapping[str, torch.Tensor]

UNITWISE = ("relu", "sine")
"""Activations that are known to act on each unit alone; other networks are not padded."""


class Form(NamedTuple):
    """How to evaluate a network.

    Attributes:
        stretches: largest number of stretches that time is cut into; a number that divides the times is used.
        multiple: number whose multiples the widths are padded to.
    """

    stretches: int = 1
    multiple: int = 1


PLAIN = Form()


def form_of(policy: str, device: torch.device) -> Form:
    """Return the form that suits a device.

    Args:
        policy: precision of hidden layers, see hsbench.fit.precision; IEEE float32 uses no tensor cores.
        device: device of the tensors.
    """
    if device.type != "cuda":
        return PLAIN
    return Form(16, 1 if policy == "fp32" else 16)


def padded(params: Params, features: torch.Tensor, multiple: int) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Pad all widths but the single output with zeros, and the inputs unless there is a single one.

    A single input is not multiplied as a matrix: the first layer of a SIREN is an elementwise product.

    Args:
        params: {name: [batch or 1, *shape]}, weights w<layer> and, where a layer has them, b<layer> and s<layer>.
        features: [batch or 1, inputs, time].
        multiple: number whose multiples the widths become.
    """

    def more(width: int) -> int:
        return 0 if width == 1 else -width % multiple

    def pad(name: str, value: torch.Tensor) -> torch.Tensor:
        sides = [0, more(value.shape[1])]  # F.pad begins with the last axis
        return F.pad(value, [0, more(value.shape[2]), *sides] if name.startswith("w") else sides)

    return (
        {name: pad(name, value) for name, value in params.items()},
        F.pad(features, [0, 0, 0, more(features.shape[1])]),
    )


def cut(
    params: Params, features: torch.Tensor, batch: int, stretches: int
) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Make each stretch of each clip a batch entry of its own, clip after clip.

    Args:
        params: {name: [batch or 1, *shape]}; those that all clips share stay as they are.
        features: [batch or 1, inputs, time].
        batch: number of clips.
        stretches: number of stretches, which divides the times.

    Returns:
        Parameters {name: [batch x stretches or 1, *shape]} and features [batch x stretches, inputs, time / stretches].
    """
    inputs, time = features.shape[1:]
    whole = features.reshape(-1, inputs, stretches, time // stretches).transpose(1, 2)
    parts = whole.expand(batch, -1, -1, -1).reshape(batch * stretches, inputs, time // stretches)
    repeated = {
        name: value
        if value.shape[0] == 1
        else value.unsqueeze(1).expand(-1, stretches, *value.shape[1:]).reshape(-1, *value.shape[1:])
        for name, value in params.items()
    }
    return repeated, parts


def divisor(time: int, largest: int) -> int:
    """Return the largest number up to `largest` that divides the number of times."""
    return next(number for number in range(min(largest, time), 0, -1) if time % number == 0)
