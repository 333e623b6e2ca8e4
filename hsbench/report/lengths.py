"""A remark on metrics that were developed for longer clips than those of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hsbench.report.table import Table


TEXT = "developed for clips of {:g} s or more, and these have {:.2f} s: use it to compare rows, it is no opinion score"


def short_clips(table: Table) -> list[tuple[str, str]]:
    """Return (label of the metric, remark) for each metric whose `shortest_seconds` the clips of a table lack."""
    corpora = table.view.corpora.values()
    lengths = [corpus.samples / corpus.sample_rate for corpus in corpora if corpus.sample_rate]
    if not lengths:
        return []
    seconds = min(lengths)
    return [
        (metric.label, TEXT.format(metric.shortest_seconds, seconds))
        for metric in table.metrics
        if seconds < metric.shortest_seconds
    ]
