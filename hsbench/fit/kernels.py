"""When to use hsbench's own Triton kernels, each of which replaces several kernel launches of torch by one.

Experimental, and off unless the environment variable HSBENCH_TRITON is 1. Every kernel has a counterpart in torch's own
operations, which runs on any device. With TRITON_INTERPRET=1 Triton runs the kernels on the CPU, slowly and in one
thread, so that both can be compared without a GPU.
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
"""Types of the tensors that the kernels read."""
WIDEST = 128
"""Units of the widest layer whose activations fit into the memory of one multiprocessor."""


def usable(tensors: Sequence[torch.Tensor]) -> bool:
    """Return whether to use hsbench's own kernels on these tensors.

    Code that torch compiles does not use them, since torch generates its own kernels there.

    Args:
        tensors: all tensors that the kernel would read.

    Raises:
        BackendMissingError: the kernels are switched on and Triton is not installed.
    """
    if torch.compiler.is_compiling() or not switched_on(KERNELS):
        return False
    runs_here = all(tensor.is_cuda for tensor in tensors) or os.environ.get("TRITON_INTERPRET") == "1"
    if not runs_here or any(tensor.dtype not in TYPES for tensor in tensors):
        return False
    if importlib.util.find_spec("triton") is None:
        raise BackendMissingError(
            "HSBENCH_TRITON=1 expects Triton, which comes with torch for CUDA; install that or unset HSBENCH_TRITON."
        )
    return True
