"""What a run is asked for, as values: the request itself, and the choice of an engine."""

from __future__ import annotations

from hsbench.execution.engines.choose import Choice
from hsbench.planning.changes import parse as parse_changes
from hsbench.planning.request import Request

__all__ = ["Choice", "Request", "parse_changes"]
