"""Several processes that work on one cell, started by torchrun: the first does everything, the others help to train.

Torch-free as long as a cell has one process.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def first() -> bool:
    """Whether this process is the one that writes."""
    return os.environ.get("RANK", "0") == "0"


@contextlib.contextmanager
def joined(device: str) -> Iterator[None]:
    """Train together with the others of the cell; alone, nothing happens."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    from hsbench.fit import distributed

    with distributed.joined(device):
        yield
