"""Interrupts of a block in which C code calls Python: they come after the block.

Ctrl-C and SIGTERM raise KeyboardInterrupt in whatever line of Python the main thread executes. If C code has called
that line, the exception has no way back through the C code: it is printed and dropped, and the call returns 0. So the
process goes on as if nobody had interrupted it, and the C code as if its call had succeeded. libsndfile and FFmpeg call
Python for every read, write and seek in a file that is an object in memory, and such a file then lacks bytes.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Deliver SIGINT and SIGTERM at the end of the block.

    Nothing has to be done outside the main thread, the only one in which Python handles signals, and for a signal that
    another program, of which Python is a part, handles itself.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    handlers = {number: handler for number in SIGNALS if (handler := signal.getsignal(number)) is not None}
    try:
        for number in handlers:
            signal.signal(number, lambda number, _frame: received.append(number))
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for arrived in received:
            signal.raise_signal(arrived)
