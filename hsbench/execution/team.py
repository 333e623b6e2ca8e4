"""Several processes that train one cell together, started by torchrun.

The first process (rank 0) does all the work of the cell; the others only take part in its training. torch is imported
only where there is more than one process.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator


def first() -> bool:
    """Return whether this is the first process, the only one that writes files."""
    return os.environ.get("RANK", "0") == "0"


@contextlib.contextmanager
def joined(device: str) -> Iterator[None]:
    """Join the process group of torch.distributed while the context is open; with a single process, do nothing.

    Args:
        device: "cpu" or "cuda".
    """
    if _alone():
        yield
        return
    from hsbench.fit import distributed

    with distributed.joined(device):
        yield


def leave(code: int) -> NoReturn:
    """End this process with an exit code.

    One of several processes ends at once, without the interpreter's shutdown. During the shutdown, a thread of Gloo
    that releases the last tensor it sent would abort the process (https://github.com/pytorch/pytorch/pull/179291), and
    torchrun would then end all other processes.
    """
    if _alone():
        sys.exit(code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _alone() -> bool:
    """Return whether the cell has a single process."""
    return int(os.environ.get("WORLD_SIZE", "1")) == 1
