"""Networks compiled by torch: where the generated code lies, and how to do without it."""

from __future__ import annotations

import contextlib
import os

import torch

from hsbench.files import cache_folder

FOLDER = "TORCHINDUCTOR_CACHE_DIR"
"""Environment variable of torch's compiler; Triton keeps its own files below the same folder."""


def keep_code() -> None:
    """Let torch keep the code that it generates in hsbench's cache folder, unless the user chose another folder.

    Compiling the networks of a hypernetwork step takes a minute, and a second or so where the code is there.
    """
    os.environ.setdefault(FOLDER, str(cache_folder() / "inductor"))


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
