"""Tables and paragraphs for a terminal, for verbs that list things."""

from __future__ import annotations

from hsbench.report.drawing import listing, paragraph

__all__ = ["listing", "paragraph"]
