"""Tables and paragraphs for a terminal, to be printed by a console of rich."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.report.drawing import listing, paragraph

if TYPE_CHECKING:
    from rich.console import RenderableType

    from hsbench.api.scores import PairScores

__all__ = ["listing", "paragraph", "scores"]


def scores(results: PairScores, aggregate: str, width: int | None) -> RenderableType:
    """Return the scores of pairs of files.

    Args:
        results: the scores.
        aggregate: "mean", or "paper" for the means as the published evaluation computes them.
        width: columns of the terminal; None for a table as wide as its texts.
    """
    from hsbench.report import pair_scores

    return pair_scores.terminal(results.scores, results.summary(aggregate) if results.scores else {}, width)
