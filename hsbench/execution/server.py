"""The server of a run: a process that imports what the cells need once, and forks a process for each cell.

`python -m hsbench.execution.server SOCKET TARGET ...`; hsbench.execution.warm starts it and describes the messages.

Nothing of a cell is computed before the fork. The server has a single thread of Python, starts no pool of threads of
OpenMP or torch, and initialises no CUDA; neither survives a fork. It imports no file of --import: a cell does that
itself, so that no plug-in can do before the fork what hsbench does not.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import json
import os
import select
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.descriptors import load_target
from hsbench.execution import team
from hsbench.results import provenance

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

READY = b"ready"
"""First message of the server, after its imports."""
LONGEST = 65536
"""Maximum size of a message in bytes."""


@dataclass(frozen=True)
class _Cell:
    """A forked process that has not been waited for: its number, its file descriptor, and where its end is reported."""

    pid: int
    pidfd: int
    replies: socket.socket

    def close(self) -> None:
        """Close the descriptors of this process; the forked process is not affected."""
        os.close(self.pidfd)
        self.replies.close()


def main(arguments: Sequence[str]) -> int:
    """Serve until the front end has ended; in a forked process, work on the cell. Return the exit code."""
    control = socket.socket(fileno=int(arguments[0]))
    os.close(os.pidfd_open(os.getpid()))  # an error here, on a system without pidfd, precedes every fork
    cell = None
    with contextlib.suppress(ConnectionError):  # the front end ended
        if _preload(arguments[1:], control):
            control.send(READY)
            cell = _serve(control)
    if cell is None:
        os._exit(0)  # without the shutdown of Python, which takes a tenth of a second and ends nothing that matters
    from hsbench.execution import worker

    sys.argv = [str(worker.__file__), *cell]
    return worker.main(cell)


def _preload(targets: Iterable[str], control: socket.socket) -> bool:
    """Import modules and call functions, "module" or "module:function"; return False if the front end has ended."""
    for target in targets:
        # What cannot be imported is not reported here: every cell that needs it says what is missing.
        with contextlib.suppress(Exception):
            if ":" in target:
                load_target(target)()
            else:
                importlib.import_module(target)
        if select.select([control], [], [], 0)[0]:  # before READY the front end sends nothing, so this is its end
            return False
    # Code, packages, machine and the list of plug-ins are the same in all cells, which find them cached. Plug-ins are
    # listed here and not imported.
    provenance.session("cpu", 1)
    registry.entry_points()
    for kind in registry.KINDS:
        registry.declaring_modules(kind)
    # The objects that exist now are left alone by the garbage collector of every cell. A collection would write to
    # the header of each, and the kernel would copy the pages that the processes share.
    gc.collect()
    gc.freeze()
    return True


def _serve(control: socket.socket) -> list[str] | None:
    """Fork a process for each request.

    Returns:
        In a forked process, the arguments of the worker; in the server, None when the front end has ended.
    """
    cells: list[_Cell] = []
    while True:
        readable, _, _ = select.select([control.fileno(), *(cell.pidfd for cell in cells)], [], [])
        for cell in [cell for cell in cells if cell.pidfd in readable]:
            cells.remove(cell)
            _report_end(cell)
        if control.fileno() in readable:
            message, descriptors, _, _ = socket.recv_fds(control, LONGEST, 4)
            if not message:
                return None
            new = _fork(descriptors)
            if new is None:
                for cell in cells:
                    cell.close()
                control.close()
                arguments: list[str] = json.loads(message)
                return arguments
            cells += new


def _fork(descriptors: Sequence[int]) -> list[_Cell] | None:
    """Fork a process and report its number and its file descriptor.

    Args:
        descriptors: the process's standard input, output and error, and the socket on which the server reports.

    Returns:
        None in the forked process; in the server the process, or nothing where the system refuses a fork.
    """
    *streams, own = descriptors
    replies = socket.socket(fileno=own)
    try:
        pid = os.fork()
    except OSError as error:
        _send(replies, {"errno": error.errno or errno.EAGAIN})
        _close([*streams])
        replies.close()
        return []
    if pid == 0:
        replies.close()
        _become_cell(streams)
        return None
    _close(streams)
    cell = _Cell(pid, os.pidfd_open(pid), replies)
    _send(replies, {"pid": pid}, cell.pidfd)
    return [cell]


def _become_cell(streams: Sequence[int]) -> None:
    """Give a forked process a session of its own, its streams, and random numbers of its own."""
    os.setsid()
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
    _close(streams)
    # NumPy and torch draw the state of their global generators from the system when they are imported. A forked process
    # draws it again, or all cells would have the random numbers of the server. Python's generator does so by itself.
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    if "torch" in sys.modules:
        sys.modules["torch"].default_generator.seed()


def _report_end(cell: _Cell) -> None:
    """Wait for a process that has ended and report its exit code, negative after a signal."""
    _, status = os.waitpid(cell.pid, 0)
    _send(cell.replies, {"code": os.waitstatus_to_exitcode(status)})
    cell.close()


def _send(replies: socket.socket, reply: dict[str, int], *descriptors: int) -> None:
    """Send a message; one that nobody reads any more is dropped."""
    with contextlib.suppress(OSError):
        socket.send_fds(replies, [json.dumps(reply).encode()], descriptors)


def _close(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


if __name__ == "__main__":
    team.leave(main(sys.argv[1:]))
