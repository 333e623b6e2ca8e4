"""How the local engine starts the worker processes of a run: warm, in a server, or cold, by a command.

A server that dies is started again once. After that, the remaining cells are started by a command, which gives the same
results and takes longer. The run says so in both cases.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from hsbench.execution.process import Command, environment_of
from hsbench.execution.warm import Server, ServerLostError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import BinaryIO

    from hsbench.execution.process import Process
    from hsbench.results.cell_folder import CellFolder
    from hsbench.spec import Resources

    Note = Callable[[str], None]


class Starter:
    """Starts the worker processes of a run.

    Args:
        resources: threads and processes of each cell.
        added: environment variables of the processes, in addition to those of this one.
        targets: what the server imports (see hsbench.execution.preload); None to start every cell by a command.
        note: called with a sentence when the server has died.
    """

    def __init__(
        self, resources: Resources, added: Mapping[str, str], targets: Sequence[str] | None, note: Note
    ) -> None:
        self._command, self._note = Command(resources, added), note
        self._environment, self._targets = environment_of(resources, added), targets or ()
        self._lock = threading.Lock()
        self._restarted = self._closed = False
        self._server = None if targets is None else Server(self._environment, targets)

    def prepare(self) -> None:
        """Wait until processes can be started without a delay, or until `close` is called."""
        while (server := self._server) is not None:
            try:
                server.wait_ready()
            except ServerLostError as lost:
                self._replace(server, lost)
            else:
                return

    def __call__(self, folder: CellFolder, log: BinaryIO) -> Process:
        """Start the worker process of a cell.

        Args:
            folder: folder of the cell, whose job file is written.
            log: open file that becomes the standard error of the process.

        Raises:
            OSError: the system refused to start one more process.
        """
        while (server := self._server) is not None:
            try:
                return server.fork(folder, log)
            except ServerLostError as lost:
                self._replace(server, lost)
        return self._command(folder, log)

    def close(self) -> None:
        """End the server. A second call has no effect."""
        with self._lock:
            self._closed = True
            server, self._server = self._server, None
        if server is not None:
            server.close()

    def _replace(self, server: Server, lost: ServerLostError) -> None:
        """Start a new server in place of one that has died, or go on without; only the first thread does so."""
        with self._lock:
            if self._closed or self._server is not server:
                return
            server.close()
            self._server = None if self._restarted else Server(self._environment, self._targets)
            self._restarted = True
        following = (
            "it was started again" if self._server else "the remaining cells are started one by one, which is slower"
        )
        self._note(f"{lost}; {following}")
