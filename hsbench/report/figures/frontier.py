"""The frontier of cost and quality: the best mean among the rows that cost at most as much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from hsbench.metrics.base import MetricInfo
    from hsbench.report.table import TableRow


@dataclass(frozen=True)
class Point:
    """A row with what it costs.

    Attributes:
        row: the row.
        group: name of the series that it belongs to.
        cost: its cost, such as operations or kbit/s.
    """

    row: TableRow
    group: str
    cost: float

    def mean(self, metric: MetricInfo) -> float | None:
        """Return the mean of a metric; None where the row has none."""
        return self.row.entries[metric.name].summary.mean


def frontier(points: Sequence[Point], metric: MetricInfo) -> list[Point]:
    """Return the rows whose mean is better than that of every row that costs at most as much, by cost."""
    sign = 1 if metric.better == "higher" else -1
    best: list[Point] = []
    for point in sorted(points, key=lambda point: (point.cost, -sign * (point.mean(metric) or 0.0))):
        mean = point.mean(metric)
        if mean is not None and (not best or sign * mean > sign * (best[-1].mean(metric) or 0.0)):
            best.append(point)
    return best


def draw(axes: Axes, points: Sequence[Point], metric: MetricInfo) -> None:
    """Draw the frontier of all points as a black step line up to the largest cost."""
    if not (best := frontier(points, metric)):
        return
    values = [point.mean(metric) or 0.0 for point in best]
    costs = [*(point.cost for point in best), max(point.cost for point in points)]
    axes.step(costs, [*values, values[-1]], where="post", color="black", linewidth=1, zorder=1)
