"""Checkpoints: named tensors and a few numbers in one safetensors file, which is replaced atomically.

A safetensors file holds data only, so reading a checkpoint never runs code from it.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from hsbench.errors import DataError
from hsbench.files import parsed, replace_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch

UNREADABLE = (OSError, SafetensorError, KeyError, ValueError, TypeError, RuntimeError)
"""Exceptions that reading raises where a file is missing, truncated, or no checkpoint."""


def write(
    path: Path,
    tensors: Mapping[str, torch.Tensor],
    numbers: Mapping[str, Any],
    more: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write a checkpoint, replacing the file of an earlier one atomically.

    Args:
        path: file of the checkpoint.
        tensors: tensors by name, on any device.
        numbers: JSON scalars by name, such as the step number.
        more: further entries of the file's metadata, text by name.
    """
    on_cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    replace_atomically(path, save(on_cpu, {**more, "numbers": json.dumps(dict(numbers))}))


def read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
    """Read the tensors (onto the CPU) and the numbers of a checkpoint; return None if it is missing or unreadable."""
    try:
        with safe_open(path, framework="pt") as file:
            numbers = parsed((file.metadata() or {})["numbers"].encode())
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a dict
    except UNREADABLE:
        return None
    return (tensors, numbers) if isinstance(numbers, dict) else None


def metadata(path: Path) -> dict[str, str] | None:
    """Read the metadata of a safetensors file, text by name; return None if the file is missing or unreadable."""
    try:
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except UNREADABLE:
        return None


def restore(module: torch.nn.Module, tensors: Mapping[str, torch.Tensor], path: Path) -> None:
    """Load the tensors of a checkpoint into a module, parameters and buffers.

    Args:
        module: receives the tensors.
        tensors: tensors by name, as `read` returns them.
        path: file of the checkpoint, for the error message.

    Raises:
        DataError: names or shapes are not those of the module.
    """
    expected = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    if expected != {name: tuple(value.shape) for name, value in tensors.items()}:
        raise DataError(
            f"{path.resolve()} should hold the {len(expected)} tensors of a {type(module).__name__} of these settings, "
            f"and its {len(tensors)} have other names or shapes; restore it or train again."
        )
    module.load_state_dict(dict(tensors))
