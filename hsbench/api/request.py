"""Values that describe a run: the request with its options, and the choice of the engine."""

from __future__ import annotations

from hsbench.execution.engines.choose import Choice
from hsbench.planning.changes import parse as parse_changes
from hsbench.planning.request import Request

__all__ = ["Choice", "Request", "parse_changes"]
