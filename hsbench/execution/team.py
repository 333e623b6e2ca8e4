"""Several processes that work on one cell, started by torchrun: the first does everything, the others help to train.

Torch-free as long as a cell has one process.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator


def first() -> bool:
    """Whether this process is the one that writes."""
    return os.environ.get("RANK", "0") == "0"


@contextlib.contextmanager
def joined(device: str) -> Iterator[None]:
    """Train together with the others of the cell; alone, nothing happens."""
    if _alone():
        yield
        return
    from hsbench.fit import distributed

    with distributed.joined(device):
        yield


def leave(code: int) -> NoReturn:
    """End this process with an exit code.

    In a team at once, without the interpreter's own shutdown: during that, a thread of Gloo that drops the last tensor
    it sent aborts the process (https://github.com/pytorch/pytorch/pull/179291), and torchrun then ends all the others.
    """
    if _alone():
        sys.exit(code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _alone() -> bool:
    return int(os.environ.get("WORLD_SIZE", "1")) == 1
