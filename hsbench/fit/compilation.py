"""Networks compiled by torch: where the generated code lies, and how to do without it."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

import torch

from hsbench.files import cache_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = "TORCHINDUCTOR_CACHE_DIR"
"""Environment variable of torch's compiler; Triton keeps its own files below the same folder."""


def keep_code() -> None:
    """Let torch keep the code that it generates in hsbench's cache folder, unless the user chose another folder.

    Compiling the networks of a hypernetwork step takes a minute, and a second or so where the code is there.
    """
    os.environ.setdefault(FOLDER, str(cache_folder() / "inductor"))


def inlining(backend: str) -> Mapping[str, Any]:
    """Return arguments of torch.compile by which kernels compute what they need again, instead of storing it.

    By default torch's compiler stores what several kernels need if it has more than 4 reads or 30 operations, and what
    one kernel needs if it has more than 8 reads. A normalised activation has 5 reads, of which 4 are small; read again,
    its input in bf16 costs half of what the result in float32 costs, which is written besides. A residual unit adds two
    of them, with 11 reads. This saves a quarter of the traffic of HyperSound's encoder (speed/NOTES.md).

    Args:
        backend: name of torch's compiler backend; others than "inductor" have no such choice.
    """
    if backend != "inductor":
        return {}
    thresholds = {"realize_reads_threshold": 8, "realize_opcount_threshold": 100, "realize_acc_reads_threshold": 16}
    return {"options": thresholds}


def uncompiled(compiled: bool) -> contextlib.AbstractContextManager[object]:
    """Return a context manager inside which compiled networks run as they are.

    A reconstruction has batches of other sizes than the training, and compiling for them would take a minute each.

    Args:
        compiled: whether a network has been compiled; if not, there is nothing to do and torch's compiler stays
            unloaded.
    """
    if not compiled:
        return contextlib.nullcontext()
    stance: contextlib.AbstractContextManager[object] = torch.compiler.set_stance("force_eager")
    return stance
