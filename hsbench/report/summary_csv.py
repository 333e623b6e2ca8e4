"""Tables as CSV, one line per row and metric."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from hsbench.report.form import PLAIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.metrics.base import MetricInfo
    from hsbench.report.form import Form
    from hsbench.report.table import Table, TableRow

CSV_COLUMNS = (
    "experiment",
    "row",
    "metric",
    "mean",
    "ci_low",
    "ci_high",
    "n",
    "n_total",
    "published",
    "published_bound",
    "corpus",
    "budget",
    "protocol",
    "comparable",
)


def summary_csv(tables: Sequence[Table], form: Form = PLAIN) -> str:
    """One line per row and metric, the columns CSV_COLUMNS; published values are a column and never a row.

    Where it is asked for, the published aggregator's mean is one more column at the end: paper_mean.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*CSV_COLUMNS, *(["paper_mean"] if form.paper_means else [])])
    for table in tables:
        for row in table.rows:
            for metric in form.metrics(table):
                paper = [_digits(row.entries[metric.name].paper)] if form.paper_means else []
                writer.writerow([*_csv_line(table, row, metric), *paper])
    return out.getvalue()


def _csv_line(table: Table, row: TableRow, metric: MetricInfo) -> list[str]:
    summary, printed = row.entries[metric.name].summary, row.printed.get(metric.name)
    return [
        table.view.experiment,
        row.name,
        metric.name,
        *(_digits(value) for value in (summary.mean, summary.low, summary.high)),
        str(summary.n),
        str(summary.n_total),
        "" if printed is None else _digits(printed.value),
        "" if printed is None else printed.bound,
        row.corpus,
        table.view.budget,
        table.view.protocol,
        _comparable(table, row),
    ]


def _comparable(table: Table, row: TableRow) -> str:
    """The verdict, its reasons and where the training departs from the paper's, in one field."""
    if table.source is None:
        return "nothing published"
    return "no: " + " | ".join([*row.reasons, *row.departures]) if row.reasons else "yes"


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:.8g}"
