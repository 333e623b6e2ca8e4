"""The tensors of a safetensors file, read as bytes: their digest, and the texts beside them. Torch is not needed.

    8 bytes         length n of the header, an unsigned integer, least significant byte first
    n bytes         JSON: name -> {"dtype", "shape", "data_offsets": [begin, end]}, and "__metadata__": texts by name
    the rest        the numbers; offsets count from here

Source: the format description of the package safetensors. Reading a file never runs code from it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.errors import DataError
from hsbench.files import canonical_json, parsed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LARGEST_HEADER = 16 << 20
"""Bytes of a header, at most."""


@dataclass(frozen=True)
class Header:
    """The header of a safetensors file.

    Attributes:
        tensors: name -> its entry, with dtype, shape and data_offsets.
        texts: the metadata, text by name.
        start: position of the first number in the file, in bytes.
    """

    tensors: Mapping[str, Mapping[str, Any]]
    texts: Mapping[str, str]
    start: int


def header(path: Path) -> Header:
    """Read the header of a file.

    Raises:
        DataError: the file is no safetensors file, or is damaged.
    """
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if size > LARGEST_HEADER:
                raise ValueError(f"a header of {size} bytes")
            document = parsed(file.read(size))
        texts = document.pop("__metadata__", {})
        if not all(isinstance(text, str) for text in texts.values()):
            raise ValueError("metadata that is not text")
        for entry in document.values():
            begin, end = entry["data_offsets"]
            if not 0 <= begin <= end:
                raise ValueError("impossible offsets")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"expected a safetensors file, and {path} cannot be read as one ({error}); export the network again."
        ) from error
    return Header(document, texts, 8 + size)


def digest(path: Path) -> str:
    """Return the SHA-256 of the tensors alone, hexadecimal: names, types, shapes and numbers, but not the metadata.

    Raises:
        DataError: the file is no safetensors file, or is damaged.
    """
    head, total = header(path), hashlib.sha256()
    with path.open("rb") as file:
        for name, entry in sorted(head.tensors.items()):
            begin, end = entry["data_offsets"]
            file.seek(head.start + begin)
            numbers = file.read(end - begin)
            if len(numbers) != end - begin:
                raise DataError(f"{path} is truncated: tensor {name} is not whole; export the network again.")
            total.update(canonical_json([name, entry["dtype"], entry["shape"], len(numbers)]).encode())
            total.update(numbers)
    return total.hexdigest()
