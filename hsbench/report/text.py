"""The words of a table that every rendering shares: headings, cells, notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hsbench.analysis.published import Printed
    from hsbench.metrics.base import MetricInfo
    from hsbench.report.table import Entry, Table, TableRow


def heading(metric: MetricInfo) -> str:
    """Label and unit, such as SI-SNR (dB)."""
    return f"{metric.label} ({metric.unit})" if metric.unit else metric.label


def number(value: float, metric: MetricInfo) -> str:
    """A value with the metric's decimals."""
    return f"{value:.{metric.decimals}f}"


def interval(entry: Entry, metric: MetricInfo) -> str:
    """The interval as [low, high]; empty below two clips."""
    if entry.summary.low is None or entry.summary.high is None:
        return ""
    return f"[{number(entry.summary.low, metric)}, {number(entry.summary.high, metric)}]"


def coverage(entry: Entry) -> str:
    """Coverage such as (510/512) where a clip could not be scored, else empty."""
    summary = entry.summary
    return f"({summary.n}/{summary.n_total})" if summary.n < summary.n_total else ""


def printed(value: Printed | None) -> str:
    """A published value as printed."""
    return "" if value is None else value.text


def ideal(metric: MetricInfo) -> str:
    """The paper's ideal value, or ""."""
    return "" if metric.ideal is None else f"{metric.ideal:g}"


def ratio(row: TableRow) -> str:
    """Exact compression ratio."""
    return "" if row.ratio is None else f"{row.ratio:.3f}"


def count(row: TableRow) -> str:
    """Clips rebuilt; "3/16" while some are missing."""
    return str(row.built) if row.built == row.wanted else f"{row.built}/{row.wanted}"


def label(row: TableRow) -> str:
    """Row name with its badge: "FMLP [quick]"."""
    return f"{row.name} [{row.badge}]" if row.badge else row.name


def circumstances(table: Table) -> str:
    """Corpus, budget, protocol and split in a line; says whether the sound is synthetic."""
    request = table.request
    partial = ", partial corpus" if any("partial" in reason for reason in request["incomplete_corpus"]) else ""
    return (
        f"corpus {request['corpus']} ({request['corpus_description']}{partial}; fingerprint "
        f"{request['fingerprint'][:12]}), split {request['split']}, "
        f"{len(request['clips'])} clips of {request['samples']} samples at {request['sample_rate']} Hz; "
        f"budget {request['budget']}, protocol {request['protocol']}"
    )


def reading() -> str:
    """How to read a cell."""
    return (
        "Mean over clips with its 95 % bootstrap interval; bold: the best, "
        "and what the paired difference does not separate from it. "
        "CR is samples per stored number; n is the clips rebuilt."
    )


def caveats(table: Table) -> str:
    """What the published numbers are, in the words of whoever transcribed them."""
    return "" if table.source is None else "As published: " + "; ".join(table.source.caveats) + "."


def notes(table: Table) -> list[str]:
    """What must be said of the rows: departures behind a badge, bad fits, unscored clips, clipping."""
    found = []
    for row in table.rows:
        if row.departures:
            found.append(f"{label(row)}: {'; '.join(row.departures)}")
        if row.bad:
            found.append(f"{row.name}: fits " + ", ".join(f"{status} {n}" for status, n in row.bad.items()))
        if row.missing:
            found.append(f"{row.name}: without a value " + ", ".join(f"{what} {n}" for what, n in row.missing.items()))
        if row.clipped > 0:
            found.append(
                f"{row.name}: {100 * row.clipped:.3g} % of the samples lie beyond full scale (scored unclipped)"
            )
    return found
