"""A listener that passes every event of a run on to another one; subclasses add to single events."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hsbench.execution.engines.base import Listener
    from hsbench.execution.process import Outcome
    from hsbench.planning.plan import PlannedCell


class Relay:
    """Passes every event on; see hsbench.execution.engines.base.Listener.

    Args:
        listener: receives the events.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def started(self, planned: PlannedCell) -> None:
        """Pass on that the worker process of a cell has started."""
        self._listener.started(planned)

    def progressed(self, planned: PlannedCell, stage: str, done: float, total: int) -> None:
        """Pass on how much of a cell is done."""
        self._listener.progressed(planned, stage, done, total)

    def ended(self, planned: PlannedCell, outcome: Outcome) -> None:
        """Pass on how a cell ended."""
        self._listener.ended(planned, outcome)

    def noted(self, sentence: str) -> None:
        """Pass on an event of the run that belongs to no single cell."""
        self._listener.noted(sentence)


if TYPE_CHECKING:
    _relay: type[Listener] = Relay
