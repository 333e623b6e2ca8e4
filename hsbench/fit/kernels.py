"""Kernels of our own in Triton, which do in one launch what takes the library several.

Experimental: not yet run on CUDA, and so off unless HSBENCH_TRITON is 1. The library's operations stand beside each of
them and do the same on any device. With TRITON_INTERPRET=1 Triton runs them on the CPU, slowly and in one thread, so
that they can be compared without a GPU.
"""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING

import torch

from hsbench.device import KERNELS, switched_on
from hsbench.errors import BackendMissingError

if TYPE_CHECKING:
    from collections.abc import Sequence

TYPES = (torch.float32, torch.bfloat16)
"""Of the tensors that they read."""
WIDEST = 128
"""Units of a layer whose activations a multiprocessor holds."""


def usable(tensors: Sequence[torch.Tensor]) -> bool:
    """Whether a kernel of ours is to work on these tensors; not in code that torch compiles, which makes its own.

    Raises:
        BackendMissingError: it is, and Triton is not installed.
    """
    if torch.compiler.is_compiling() or not switched_on(KERNELS):
        return False
    there = all(one.is_cuda for one in tensors) or os.environ.get("TRITON_INTERPRET") == "1"
    if not there or any(one.dtype not in TYPES for one in tensors):
        return False
    if importlib.util.find_spec("triton") is None:
        raise BackendMissingError("HSBENCH_TRITON=1 expects Triton, which comes with torch for CUDA; unset it.")
    return True
