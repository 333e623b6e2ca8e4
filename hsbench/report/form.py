"""Options of a table: its columns, means other than ours, and whether LaTeX is a whole document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hsbench.metrics.base import MetricInfo
    from hsbench.report.table import Table


PAPER = ("mse", "lsd", "si_snr", "pesq", "stoi", "cdpam")
"""The metrics of the HyperSound paper."""


@dataclass(frozen=True)
class Form:
    """Options of a table.

    Attributes:
        paper_columns: whether to show only the columns that the paper has.
        paper_means: whether to add the means of the published aggregator, see stats.paper_mean.
        standalone: whether LaTeX is a whole document and not a part of one.
        penalised_means: whether to add the means in which failed estimates count, see stats.penalised_mean.
    """

    paper_columns: bool = False
    paper_means: bool = False
    standalone: bool = False
    penalised_means: bool = False

    def metrics(self, table: Table) -> tuple[MetricInfo, ...]:
        """Return the metrics that have a column in a table.

        With paper_columns these are the metrics of the published table or, where there is none, the paper's six.
        """
        if not self.paper_columns:
            return table.metrics
        printed = set(PAPER)
        if table.source is not None:
            printed = {name for row in table.source.rows.values() for name in row}
        return tuple(metric for metric in table.metrics if metric.name in printed)


PLAIN = Form()
"""All columns, our means alone, no whole document."""
