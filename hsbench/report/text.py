"""The words of a table that every rendering shares: headings, cells, notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench.report.form import PLAIN

if TYPE_CHECKING:
    from hsbench.analysis.published import Printed
    from hsbench.metrics.base import MetricInfo
    from hsbench.report.form import Form
    from hsbench.report.table import Entry, Table, TableRow
    from hsbench.results.view import ViewCorpus

PAYLOAD, TRAINING = ("numbers", "kbit"), ("generated", "total", "steps")


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


def fact_columns(table: Table) -> list[str]:
    """Facts that have a column in this table.

    Numbers and kbit that one clip costs, where a row stores bits that are no numbers; of a shared training the numbers
    generated for each clip, the numbers in all, and the steps.
    """
    trained = [name for name in TRAINING if any(name in row.fit for row in table.rows)]
    return [*(PAYLOAD if _has_coded(table) else ()), *trained]


def _has_coded(table: Table) -> bool:
    """Whether a row stores bits that are no numbers, as a codec does."""
    return any(row.kbit and not row.numbers for row in table.rows)


def fact_cells(row: TableRow, columns: list[str]) -> list[str]:
    """The row's values of these columns; nothing stored is an empty cell."""
    payload = {"numbers": str(row.numbers or ""), "kbit": f"{row.kbit:.1f}" if row.kbit else ""}
    return [payload[column] if column in payload else str(row.fit.get(column, "")) for column in columns]


def label(row: TableRow) -> str:
    """Row name with its badge: "FMLP [quick]"."""
    return f"{row.name} [{row.badge}]" if row.badge else row.name


def circumstances(table: Table) -> str:
    """Corpus, budget, protocol and split in a line; says whether the sound is synthetic."""
    view = table.view
    corpora = "; ".join(_corpus(name, corpus) for name, corpus in view.corpora.items()) or "no corpus at hand"
    return f"{corpora}; split {view.split}, budget {view.budget}, protocol {view.protocol}"


def _corpus(name: str, corpus: ViewCorpus) -> str:
    partial = ", partial corpus" if any("partial" in reason for reason in corpus.incomplete) else ""
    return (
        f"corpus {name} ({corpus.description}{partial}; fingerprint {corpus.fingerprint[:12]}), "
        f"{len(corpus.clips)} clips of {corpus.samples} samples at {corpus.sample_rate} Hz"
    )


def reading(table: Table, form: Form = PLAIN) -> str:
    """How to read a cell."""
    said = (
        "Mean over clips with its 95 % bootstrap interval; bold: the best, "
        "and what the paired difference does not separate from it."
    )
    if form.paper_columns:
        return said
    said += " CR is samples per stored number; n is the clips rebuilt."
    columns = fact_columns(table)
    if "kbit" in columns:
        said += " Numbers and kbit are what one clip costs to store; a codec stores bits and no numbers."
    if "generated" in columns:
        said += " Generated are the numbers that the network writes for a clip."
    if "total" in columns:
        said += " Total are the numbers that all clips share, the network's own weights."
    return said


def paper_mean(entry: Entry, metric: MetricInfo) -> str:
    """The mean as the published evaluation takes it; "-" where every batch of it is lost."""
    return "-" if entry.paper is None else number(entry.paper, metric)


def aggregator(table: Table) -> str:
    """What the published aggregator is."""
    if table.batch == 1:
        return "The published aggregator takes the clips of this table one by one: the mean over those with a value."
    return (
        f"The published aggregator is the mean of the means of successive batches of {table.batch} in evaluation "
        "order: a clip without a value loses its whole batch, and a short last batch weighs as much as a full one."
    )


def caveats(table: Table) -> str:
    """What the published numbers are, in the words of whoever transcribed them."""
    return "" if table.source is None else "As published: " + "; ".join(table.source.caveats) + "."


@dataclass(frozen=True)
class Remark:
    """Something that must be said of some rows.

    Attributes:
        rows: of which.
        who: the same in words.
        text: what, without a full stop.
    """

    rows: tuple[TableRow, ...]
    who: str
    text: str


def notes(table: Table) -> list[str]:
    """What must be said of the rows: departures behind a badge, bad fits, unscored clips, clipping."""
    return [f"{remark.who}: {remark.text}" for remark in remarks(table)]


def remarks(table: Table) -> list[Remark]:
    """The same, with the rows that each is about."""
    found = []
    shared = _shared_departures(table)
    if shared:
        bearing = tuple(row for row in table.rows if row.departures)
        found.append(Remark(bearing, f"all rows [{table.view.budget}]", "; ".join(shared)))
    for row in table.rows:
        own = [one for one in row.departures if one not in shared]
        if own:
            found.append(Remark((row,), label(row), "; ".join(own)))
        found += [Remark((row,), row.name, said) for said in _said_of(row)]
    return found


def _said_of(row: TableRow) -> list[str]:
    found = list(row.notes)
    if row.fit.get("status", "ok") != "ok":
        found.append(f"its training {row.fit['status']}")
    if row.bad:
        found.append("fits " + ", ".join(f"{status} {n}" for status, n in row.bad.items()))
    if row.missing:
        found.append("without a value " + ", ".join(f"{what} {n}" for what, n in row.missing.items()))
    if row.clipped > 0:
        found.append(f"{100 * row.clipped:.3g} % of the samples lie beyond full scale (scored unclipped)")
    return found


def _shared_departures(table: Table) -> list[str]:
    """What departs from the paper in every row; said once where there are several rows."""
    if len(table.rows) < 2:
        return []
    first, *others = [row.departures for row in table.rows if row.built] or [()]
    return [one for one in first if all(one in departures for departures in others)]
