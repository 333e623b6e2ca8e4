"""How a table is shown: which columns, whether with the published aggregator, whether as a whole document."""

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
    """What the reader asked for.

    Attributes:
        paper_columns: only the columns that the paper has.
        paper_means: also the means as the published evaluation takes them.
        standalone: with LaTeX, a whole document.
    """

    paper_columns: bool = False
    paper_means: bool = False
    standalone: bool = False

    def metrics(self, table: Table) -> tuple[MetricInfo, ...]:
        """The metrics that have a column.

        The paper's are those of the published table or, where there is none, the six that the paper has.
        """
        if not self.paper_columns:
            return table.metrics
        printed = set(PAPER)
        if table.source is not None:
            printed = {name for row in table.source.rows.values() for name in row}
        return tuple(metric for metric in table.metrics if metric.name in printed)


PLAIN = Form()
