"""Tables as CSV, one line per row and metric."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from hsbench.report.form import PLAIN
from hsbench.report.names import in_csv
from hsbench.spec import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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


def summary_csv(tables: Sequence[Table], form: Form = PLAIN, name: Callable[[str], str] = in_csv) -> str:
    """Return one line per row and metric with the columns CSV_COLUMNS; published values are columns, never lines.

    Args:
        tables: the tables to write, one after the other.
        form: options; with paper_means, a last column `paper_mean` has the mean of the published aggregator, and with
            penalised_means a last column `penalised_mean` has the mean in which failed estimates count.
        name: how names are written; by default such that no spreadsheet executes them.

    A column `train_corpus` follows after CSV_COLUMNS if the models of a table learned from another corpus than the
    scored one; it is empty in rows whose own corpus was used. A column `settings` follows if settings of a row were
    changed. The costs that an experiment asks for (hsbench.spec.COLUMNS) are columns of their own, empty where a row
    has no such cost.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    added = {"paper_mean": form.paper_means, "penalised_mean": form.penalised_means}
    trained = ["train_corpus"] if any(table.view.train_corpus for table in tables) else []
    changed = ["settings"] if any(row.changed for table in tables for row in table.view.rows) else []
    costs = [column for column in COLUMNS if any(column in table.view.columns for table in tables)]
    writer.writerow([*CSV_COLUMNS, *trained, *changed, *costs, *(column for column, wanted in added.items() if wanted)])
    for table in tables:
        for view_row, row in zip(table.view.rows, table.rows, strict=True):
            settings = [name("; ".join(view_row.changed)) for _ in changed]
            for metric in form.metrics(table):
                entry = row.entries[metric.name]
                corpus = [name(row.trained_on or "") for _ in trained]
                means = [_digits(entry.paper)] if form.paper_means else []
                means += [_digits(entry.penalised)] if form.penalised_means else []
                amounts = [_digits(getattr(row.costs, each)) if each in table.view.columns else "" for each in costs]
                writer.writerow([*_csv_line(table, row, metric, name), *corpus, *settings, *amounts, *means])
    return out.getvalue()


def _csv_line(table: Table, row: TableRow, metric: MetricInfo, name: Callable[[str], str]) -> list[str]:
    summary, printed = row.entries[metric.name].summary, row.printed.get(metric.name)
    return [
        name(table.view.experiment),
        name(row.name),
        metric.name,
        *(_digits(value) for value in (summary.mean, summary.low, summary.high)),
        str(summary.n),
        str(summary.n_total),
        "" if printed is None else _digits(printed.value),
        "" if printed is None else printed.bound,
        name(row.corpus),
        table.view.budget,
        table.view.protocol,
        _comparable(table, row),
    ]


def _comparable(table: Table, row: TableRow) -> str:
    """Return "yes", or "no" with all reasons and all settings in which the training departs from the paper's."""
    if table.source is None:
        return "nothing published"
    return "no: " + " | ".join([*row.reasons, *row.departures]) if row.reasons else "yes"


def _digits(value: float | None) -> str:
    """Return a number with eight significant digits, "" for None."""
    return "" if value is None else f"{value:.8g}"
