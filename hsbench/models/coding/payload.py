"""The payload of one clip as bytes: everything that differs from clip to clip, and nothing that clips share.

Layout of the parameters of a network stored in b bits, all numbers little-endian:

    1. the tensors of hsbench.models.quantise that stay numbers, in order: float32, or float16 for biases;
       for every tensor of whole numbers, the peaks of its rows as float16
    2. the whole numbers of all tensors, entropy-coded (hsbench.models.coding.entropy)

Names, shapes and b are not stored: the model knows them. Without b, all tensors are float32 and part 2 is missing.
Latents are coded with the patches as rows, so that the coder can adapt in time.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from hsbench.errors import DataError
from hsbench.models import quantise
from hsbench.models.coding import entropy
from hsbench.models.quantise import HALF, INTEGERS, LATENTS, SINGLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    Shapes = Mapping[str, tuple[int, ...]]
    Parameters = dict[str, NDArray[np.float32]]


class Stored(NamedTuple):
    """Parameters of several clips as they were stored.

    Attributes:
        params: decoded from the bytes, {name: [batch, *shape]} float32 on the device of the given ones.
        streams: payload of each clip.
    """

    params: dict[str, torch.Tensor]
    streams: list[bytes]


@torch.no_grad()
def stored(params: Mapping[str, torch.Tensor], bits: int | None) -> Stored:
    """Write the parameters of each clip as bytes, and read them back.

    Args:
        params: {name: [batch, *shape]} float32.
        bits: b, 5 to 8; None for float32.
    """
    batch = next(iter(params.values())).shape[0]
    shapes = {name: tuple(value.shape[1:]) for name, value in params.items()}
    on_cpu = {name: value.detach().cpu() for name, value in params.items()}
    streams = [pack({name: value[clip] for name, value in on_cpu.items()}, bits) for clip in range(batch)]
    decoded = [unpack(stream, shapes, bits) for stream in streams]
    restored = {
        name: torch.stack([torch.from_numpy(clip[name]) for clip in decoded]).to(value.device)
        for name, value in params.items()
    }
    return Stored(restored, streams)


def pack(params: Mapping[str, torch.Tensor], bits: int | None) -> bytes:
    """Return the parameters of one clip as bytes.

    Args:
        params: {name: shape} float32, on the CPU.
        bits: b, 5 to 8; None for float32.
    """
    plain, matrices = bytearray(), []
    for name, value in params.items():
        how = SINGLE if bits is None else quantise.way(name, value.dim())
        if how == INTEGERS:
            levels = quantise.levels(value.reshape(quantise.rows(value.shape), -1), bits or 0)
            plain += levels.peaks.numpy().astype("<f2").tobytes()
            matrices.append(_turned(name, levels.integers.numpy()))
        else:
            plain += value.numpy().astype("<f2" if how == HALF else "<f4").tobytes()
    return bytes(plain) + (entropy.encode(matrices) if matrices else b"")


def unpack(stream: bytes, shapes: Shapes, bits: int | None) -> Parameters:
    """Return the parameters that `pack` wrote, {name: shape} float32.

    Args:
        stream: the bytes.
        shapes: shape of each parameter, in the order of writing.
        bits: b, 5 to 8; None for float32.

    Raises:
        DataError: the bytes are not those of such parameters.
    """
    layout = list(_layout(shapes, bits))
    if len(stream) < (size := sum(each.size for each in layout)):
        raise DataError(
            f"expected a stream of at least {size} bytes for a clip of this network, got {len(stream)}; "
            "decode with the network that encoded it."
        )
    coded = [each for each in layout if each.how == INTEGERS]
    if not coded and len(stream) > size:
        raise DataError(f"expected a stream of {size} bytes for a clip of this network, got {len(stream)}.")
    matrices = iter(entropy.decode(stream[size:], [_coded_shape(each) for each in coded]) if coded else [])
    params, position = {}, 0
    for each in layout:
        numbers = np.frombuffer(stream, each.type, each.numbers, position)
        position += each.size
        if each.how == INTEGERS:
            integers = torch.from_numpy(np.ascontiguousarray(_turned(each.name, next(matrices))))
            peaks = torch.from_numpy(numbers.astype(np.float16))
            value = quantise.restored(quantise.Levels(integers, peaks), bits or 0).numpy()
        else:
            value = numbers.astype(np.float32)
        params[each.name] = value.reshape(each.shape)
    return params


def parts(stream: bytes, shapes: Shapes, bits: int | None) -> dict[str, int]:
    """Return how many bits of a payload are what, as facts of a clip.

    Args:
        stream: the payload.
        shapes: shape of each parameter.
        bits: b, 5 to 8; None for float32.

    Returns:
        bits_side: numbers that are stored as they are, and the peaks of rows; bits_coded: the entropy-coded whole
        numbers; bits_plain: what the payload would have without entropy coding.
    """
    side = 8 * sum(each.size for each in _layout(shapes, bits))
    return {
        "bits_side": side,
        "bits_coded": 8 * len(stream) - side,
        "bits_plain": quantise.plain_bits(shapes, bits),
    }


class _Tensor(NamedTuple):
    """Where a tensor lies in part 1: what is stored of it, of which type, how many numbers."""

    name: str
    shape: tuple[int, ...]
    how: str
    type: str
    numbers: int

    @property
    def size(self) -> int:
        return self.numbers * int(self.type[2])


def _layout(shapes: Shapes, bits: int | None) -> Iterator[_Tensor]:
    """Yield part 1 of a payload, tensor by tensor."""
    for name, shape in shapes.items():
        how = SINGLE if bits is None else quantise.way(name, len(shape))
        count = quantise.rows(shape) if how == INTEGERS else math.prod(shape)
        yield _Tensor(name, tuple(shape), how, "<f4" if how == SINGLE else "<f2", count)


def _coded_shape(tensor: _Tensor) -> tuple[int, int]:
    """Return rows and columns of a tensor's whole numbers as they are coded."""
    rows = quantise.rows(tensor.shape)
    columns = math.prod(tensor.shape) // rows
    return (columns, rows) if tensor.name == LATENTS else (rows, columns)


def _turned(name: str, matrix: NDArray[np.int32]) -> NDArray[np.int32]:
    """Exchange rows and columns of latents; leave other matrices as they are."""
    return matrix.T if name == LATENTS else matrix
