"""Read the weight file that the package cdpam contains, without running any code from it.

The file is in PyTorch's format of before 2020: a pickle that refers to storages, followed by the raw bytes of the
storages. It must have the published checksum, and the unpickler accepts four names and refuses every other. The package
itself is never imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from hsbench.errors import BackendMissingError

if TYPE_CHECKING:
    from typing import BinaryIO

SHA256 = "453c8b6edee1a94f0120236156436ff28fe4d8d884485e4a67695c8e8570bdfe"
_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


def find() -> Path:
    """Return the path of the weight file in the installed package.

    Raises:
        BackendMissingError: the package is not installed, or lacks the file.
    """
    spec = importlib.util.find_spec("cdpam")
    if spec is None or spec.origin is None:
        raise BackendMissingError(
            "CDPAM needs the weight file of the package cdpam; install it with: pip install cdpam"
        )
    path = Path(spec.origin).parent / "CDPAM_trained" / "scratchJNDdefault_best_model.pth"
    if not path.is_file():
        raise BackendMissingError(
            f"the installed cdpam lacks {path.name}; reinstall it with: pip install --force-reinstall cdpam==0.0.6"
        )
    return path


def load(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of the network by name, float32 on the CPU.

    Raises:
        BackendMissingError: the file does not have the published checksum, or holds more than tensors.
    """
    data = path.read_bytes()
    checksum = hashlib.sha256(data).hexdigest()
    if checksum != SHA256:
        raise BackendMissingError(
            f"the weights of CDPAM should have the SHA-256 {SHA256[:16]}..., {path} has {checksum[:16]}...; "
            "reinstall them with: pip install --force-reinstall cdpam==0.0.6"
        )
    import io

    return dict(unpickle(io.BytesIO(data))["state"])


def unpickle(file: BinaryIO) -> Any:
    """Read a file in PyTorch's old format that holds nothing but tensors and plain containers.

    Raises:
        BackendMissingError: the file refers to anything else, or has another format.
    """
    if _plain(file) != _MAGIC or _plain(file) != _PROTOCOL:
        raise BackendMissingError("the weights of CDPAM are not in the format that cdpam 0.0.6 ships; reinstall it.")
    _plain(file)  # sizes of the C types on the machine that wrote the file
    reader = _Tensors(file)
    content = reader.load()
    for key in _plain(file):
        storage = reader.storages[key]
        count = int.from_bytes(file.read(8), "little")
        raw = file.read(count * storage.element_size())
        storage.copy_(torch.frombuffer(bytearray(raw), dtype=storage.dtype))
    return content


def _plain(file: BinaryIO) -> Any:
    return _Plain(file).load()


class _Plain(pickle.Unpickler):
    """An unpickler of numbers, strings and containers that refuses every name of a class or function."""

    def find_class(self, module: str, name: str) -> Any:
        raise BackendMissingError(
            f"the weights of CDPAM refer to {module}.{name}, which is not allowed; reinstall cdpam==0.0.6."
        )


class _Tensors(_Plain):
    """An unpickler of plain values, ordered dictionaries, and tensors whose bytes follow after the pickle."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, torch.Tensor] = {}

    def find_class(self, module: str, name: str) -> Any:
        allowed = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch", "FloatStorage"): torch.float32,
            ("torch", "LongStorage"): torch.int64,
            ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
        }
        return allowed[module, name] if (module, name) in allowed else super().find_class(module, name)

    def persistent_load(self, identity: Any) -> torch.Tensor:
        _, dtype, key, _, count, _ = identity
        return self.storages.setdefault(key, torch.empty(count, dtype=dtype))


def _rebuild(
    storage: torch.Tensor, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any
) -> torch.Tensor:
    return storage.as_strided(size, stride, offset)
