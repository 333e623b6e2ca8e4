"""Checkpoints of a running fit: tensors and a few numbers in one safetensors file, replaced atomically.

Loading runs no code from the file.
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
"""What a file raises that is not there, not whole or not what it claims to be."""


def write(
    path: Path,
    tensors: Mapping[str, torch.Tensor],
    numbers: Mapping[str, Any],
    more: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Replace the checkpoint.

    Args:
        path: the file.
        tensors: name -> tensor, on any device.
        numbers: JSON scalars that travel with them.
        more: further texts of the file's metadata.
    """
    on_cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    replace_atomically(path, save(on_cpu, {**more, "numbers": json.dumps(dict(numbers))}))


def read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
    """The tensors (on the CPU) and numbers of a checkpoint; None where there is none or it is not whole."""
    try:
        with safe_open(path, framework="pt") as file:
            numbers = parsed((file.metadata() or {})["numbers"].encode())
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a dict
    except UNREADABLE:
        return None
    return (tensors, numbers) if isinstance(numbers, dict) else None


def metadata(path: Path) -> dict[str, str] | None:
    """The texts that travel with the tensors of a file; None where it is not there or not whole."""
    try:
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except UNREADABLE:
        return None


def restore(module: torch.nn.Module, tensors: Mapping[str, torch.Tensor], path: Path) -> None:
    """Put the tensors of a checkpoint into a module, buffers included.

    Raises:
        DataError: they are those of another module.
    """
    wanted = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    if wanted != {name: tuple(value.shape) for name, value in tensors.items()}:
        raise DataError(
            f"{path.resolve()} should hold the {len(wanted)} tensors of a {type(module).__name__} of these settings, "
            f"and its {len(tensors)} have other names or shapes; restore it or train again."
        )
    module.load_state_dict(dict(tensors))
