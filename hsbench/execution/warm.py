"""Start cells warm: a server imports what the cells of a run need once, and forks a process for each cell.

Importing torch and scipy takes seconds, which is more than many cells compute; a fork takes milliseconds.

Why a server of our own, and not the forkserver of multiprocessing: that one exists once in a Python process, with the
environment that this process had when it was started. A run needs its own (threads, instruction sets, memory). It also
runs the main module of the front end in every process that it forks, and gives them neither a session nor standard
streams of their own.

Messages are datagrams of JSON on a pair of sockets:

    server -> front end    b"ready", after its imports
    front end -> server    the arguments of the worker, with four file descriptors: standard input, output and error of
                           the process, and a socket for the two replies about it
    server -> that socket  {"pid": number} with a file descriptor of the process, or {"errno": number}; at its end
                           {"code": exit code}

A file descriptor of a process (pidfd) names that process and no later one with the same number, so a signal never
reaches a stranger. The cell belongs to the front end and not to the server: it goes on when the server dies, and ends
with the front end, which alone holds the other end of its standard input.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from typing import IO, TYPE_CHECKING, Any, Self

from hsbench.execution.server import LONGEST, READY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import BinaryIO

    from hsbench.results.cell_folder import CellFolder

PATIENCE_SECONDS = 5.0
"""Maximum time that a server gets to end by itself."""


class ServerLostError(Exception):
    """The server ended, so that it starts no more processes.

    Attributes:
        how: how it ended, such as "by SIGKILL".
    """

    def __init__(self, how: str) -> None:
        super().__init__(f"the server that starts cells ended {how}")
        self.how = how


class Server:
    """The server of a run. It starts at once and imports while the caller goes on.

    Args:
        environment: all environment variables of the server and of the processes that it forks.
        targets: what it imports before the first fork (see hsbench.execution.preload).
    """

    def __init__(self, environment: Mapping[str, str], targets: Sequence[str]) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the server
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "hsbench.execution.server", str(theirs.fileno()), *targets],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                env=dict(environment),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._ready = False

    @property
    def pid(self) -> int:
        """Number of the server's process."""
        return self._process.pid

    def wait_ready(self) -> None:
        """Wait until the server has imported what it was given.

        Raises:
            ServerLostError: the server ended.
        """
        with self._lock:
            if not self._ready:
                with contextlib.suppress(OSError):  # the connection broke, or `close` was faster
                    self._ready = self._control.recv(LONGEST) == READY
            if not self._ready:
                raise self._lost()

    def fork(self, folder: CellFolder, log: BinaryIO) -> ForkedProcess:
        """Fork the worker process of a cell whose job file is written.

        Args:
            folder: folder of the cell.
            log: open file that becomes the standard error of the process.

        Raises:
            ServerLostError: the server ended before it started the process.
            OSError: the system refused to start one more process.
        """
        self.wait_ready()
        request = json.dumps([str(folder.path), "--job", str(folder.job), "--attached"]).encode()
        with contextlib.ExitStack() as sent, contextlib.ExitStack() as kept:
            (input_read, input_write), (output_read, output_write) = os.pipe(), os.pipe()
            replies, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            for descriptor in (input_read, output_write):
                sent.callback(os.close, descriptor)
            for descriptor in (input_write, output_read):
                kept.callback(os.close, descriptor)
            sent.enter_context(theirs)
            kept.enter_context(replies)
            try:
                descriptors = [input_read, output_write, log.fileno(), theirs.fileno()]
                socket.send_fds(self._control, [request], descriptors)
                sent.close()
                message, received, _, _ = socket.recv_fds(replies, LONGEST, 1)
            except ConnectionError:
                raise self._lost() from None
            if not message:
                raise self._lost()
            if "errno" in (reply := json.loads(message)):
                raise OSError(reply["errno"], os.strerror(reply["errno"]))
            kept.pop_all()
        return ForkedProcess(received[0], replies, input_write, output_read)

    def close(self) -> None:
        """End the server; a call of `wait_ready` in another thread ends with ServerLostError."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        if not self._ready:
            self._process.kill()  # it would notice the end of the front end only after an import of seconds
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with self._lock:
            self._control.close()
        with self._reading:
            self._errors.close()

    def _lost(self) -> ServerLostError:
        """Return the error that says how the server ended, with the last line that it printed."""
        code = self._process.wait()
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        last = ""
        with self._reading:
            if not self._errors.closed:
                self._errors.seek(0)
                last = self._errors.read().decode(errors="replace").strip().rpartition("\n")[2]
        return ServerLostError(how + (f" ({last})" if last else ""))


class ForkedProcess:
    """A worker process that a server forked, with the methods of subprocess.Popen that its front end needs.

    Args:
        pidfd: file descriptor of the process.
        replies: socket on which the server reports how the process ended.
        stdin: file descriptor whose end the process waits for; while it is open, the process goes on.
        stdout: file descriptor from which the events of the process are read.

    Attributes:
        stdout: the events of the process, as text.
        returncode: exit code, negative after a signal; None while the process runs, and where nobody knows the code.
    """

    def __init__(self, pidfd: int, replies: socket.socket, stdin: int, stdout: int) -> None:
        self._pidfd, self._replies, self._stdin = pidfd, replies, stdin
        self.stdout: IO[str] = os.fdopen(stdout, encoding="utf-8")
        self.returncode: int | None = None
        self._ended = False
        self._lock = threading.Lock()

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        with self._lock:
            if not self._ended:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._pidfd, number)

    def kill(self) -> None:
        """Send SIGKILL, unless the process has ended."""
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait until the process ends, and return its exit code; None if its server died before it.

        Args:
            timeout: maximum time to wait [s].

        Raises:
            subprocess.TimeoutExpired: the process still runs.
        """
        with self._lock:
            descriptor = None if self._ended else os.dup(self._pidfd)
        if descriptor is not None:
            try:
                readable = select.select([descriptor], [], [], timeout)[0]
            finally:
                os.close(descriptor)
            if not readable:
                assert timeout is not None, "without a time limit, select waits for the end"
                raise subprocess.TimeoutExpired("the worker process of a cell", timeout)
        with self._lock:
            self._collect()
        return self.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        os.close(self._stdin)
        self.wait()

    def _collect(self) -> None:
        """Read the exit code of the process, which has ended, and close its descriptors."""
        if self._ended:
            return
        self._ended = True
        with contextlib.suppress(ConnectionError):
            message = self._replies.recv(LONGEST)
            reply: dict[str, Any] = json.loads(message) if message else {}
            self.returncode = reply.get("code")
        self._replies.close()
        os.close(self._pidfd)
