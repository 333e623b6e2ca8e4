"""The file that holds the payloads of a sound's clips (ending .hsb).

Layout, all numbers little-endian:

    "HSB", format version (1 byte)
    length of the header (4 bytes), the header: JSON, compressed by zlib
    for each clip: peak (float32), length of the payload (4 bytes), payload; a silent clip has a payload of length 0
    CRC-32 of all bytes before it (4 bytes)

The header says what a decoder has to know and what all clips of a network share; it is no part of a payload, and its
bits are not counted in tables, as the container of a codec's packets is not.

Reading a file runs no code from it and trusts no length in it.
"""

from __future__ import annotations

import json
import math
import re
import struct
import zlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hsbench.errors import DataError
from hsbench.files import canonical_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAGIC = b"HSB"
FORMAT = 1
"""Version of the layout; raised when a decoder of an earlier version could not read a file."""
LONGEST_HEADER = 1 << 20
LARGEST = {"version": 1 << 20, "sample_rate": 1 << 20, "samples": 1 << 27, "total": 1 << 33}
"""Largest numbers that a header may state."""
LARGEST_SETTING = 1 << 20
"""Largest whole number among the settings that a header may state."""


@dataclass(frozen=True)
class Header:
    """What a decoder has to know.

    Attributes:
        model: registered name of the model.
        version: version of the model.
        settings: settings of the model, as in a cell.
        network: key of the cell that trained the network which all clips share; None where there is none.
        sample_rate: of the clips, in Hz.
        samples: length of a clip, in samples.
        total: length of the sound, in samples.
        shapes: shape of each parameter of a clip; empty where all clips are silent.
    """

    model: str
    version: int
    settings: Mapping[str, Any]
    network: str | None
    sample_rate: int
    samples: int
    total: int
    shapes: Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class CodedClip:
    """One clip of a sound.

    Attributes:
        peak: largest absolute sample of the clip, by which it was divided before it was encoded.
        payload: the clip's payload; None for a silent clip.
    """

    peak: float
    payload: bytes | None


def write(header: Header, clips: Sequence[CodedClip]) -> bytes:
    """Return a file as bytes.

    Args:
        header: what the clips share.
        clips: the clips in order.
    """
    text = zlib.compress(canonical_json(asdict(header)).encode(), 9)
    body = bytearray(MAGIC + bytes([FORMAT]) + struct.pack("<I", len(text)) + text)
    for clip in clips:
        payload = clip.payload or b""
        body += struct.pack("<fI", clip.peak, len(payload)) + payload
    return bytes(body) + struct.pack("<I", zlib.crc32(body))


def read(data: bytes, name: str) -> tuple[Header, list[CodedClip]]:
    """Return header and clips of a file.

    Args:
        data: the whole file.
        name: of the file, for messages.

    Raises:
        DataError: the bytes are no such file, are damaged, or were written by a newer version.
    """
    if data[:3] != MAGIC or len(data) < 12:
        raise DataError(f"expected a stream that hsbench encode wrote, and {name} is of another kind or cut off.")
    if data[3] > FORMAT:
        raise DataError(
            f"{name} has format version {data[3]} and this hsbench reads up to {FORMAT}; install a newer hsbench."
        )
    if zlib.crc32(data[:-4]) != struct.unpack("<I", data[-4:])[0]:
        raise DataError(f"{name} is damaged (its checksum differs); copy or encode it again.")
    try:
        (size,) = struct.unpack_from("<I", data, 4)
        header = _header(data[8 : 8 + size])
        return header, _clips(data, 8 + size)
    except (struct.error, zlib.error, UnicodeDecodeError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"{name} is no valid stream of hsbench ({str(error)[:120]}); encode the sound again."
        ) from error


def _header(data: bytes) -> Header:
    """Return the header that some compressed bytes hold.

    Raises:
        zlib.error, ValueError, KeyError, TypeError: they hold something else.
    """
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(data, LONGEST_HEADER)
    if not unpacker.eof:
        raise ValueError("its header is cut off or too long")
    document = json.loads(text)
    header = Header(**document)
    shapes = header.shapes.items() if isinstance(header.shapes, dict) else [("", [0])]
    good = (
        isinstance(header.model, str)
        and all(type(document[name]) is int and 0 < document[name] <= largest for name, largest in LARGEST.items())
        and isinstance(header.settings, dict)
        and all(map(_is_setting, header.settings.values()))
        and (header.network is None or bool(re.fullmatch("[0-9a-f]{64}", header.network)))
        and all(isinstance(shape, list) and all(type(n) is int and n > 0 for n in shape) for _, shape in shapes)
    )
    if not good:
        raise ValueError(f"its header says {str(document)[:80]!r}")
    return header


def _is_setting(value: object) -> bool:
    """Return whether a value may be that of a setting: a JSON scalar of reasonable size."""
    if isinstance(value, int):
        return abs(value) <= LARGEST_SETTING
    return value is None or isinstance(value, str) or (isinstance(value, float) and math.isfinite(value))


def _clips(data: bytes, position: int) -> list[CodedClip]:
    """Return the clips from a position of a file on.

    Raises:
        struct.error, ValueError: the lengths do not add up.
    """
    clips, end = [], len(data) - 4
    while position < end:
        peak, size = struct.unpack_from("<fI", data[:end], position)
        position += 8
        if position + size > end or not 0 <= peak < float("inf"):
            raise ValueError("its clips are cut off")
        clips.append(CodedClip(peak, data[position : position + size] or None))
        position += size
    return clips
