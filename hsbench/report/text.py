"""The texts of a table that every rendering shares: headings, cells, notes and how to read them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench.metrics.base import ESTIMATE_FAULTS
from hsbench.report import cost_columns, lengths
from hsbench.report.form import PLAIN
from hsbench.report.names import one_line, short
from hsbench.report.numbers import significant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hsbench.analysis.equivalent_fits import EquivalentFits
    from hsbench.analysis.published import Printed
    from hsbench.metrics.base import MetricInfo
    from hsbench.report.form import Form
    from hsbench.report.table import Entry, Table, TableRow
    from hsbench.results.view import View, ViewCorpus

PAYLOAD, TRAINING = ("numbers", "kbit"), ("generated", "total", "steps")
"""Columns of what a clip costs to store, and of the training that all clips share."""


KINDS = {"validation": "held-out", "train": "seen"}
"""Split -> what its clips are called."""

SEEN = (
    "Seen: scored on clips that the row was trained on; every other row is scored on held-out clips. The clips differ, "
    "so a small gap between the two means little; a large one is overfitting."
)
"""How to read rows on seen clips."""


def counted(number: int, noun: str) -> str:
    """Return a number with its noun in the singular or the plural: "1 clip", "2 clips"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def capital(sentence: str) -> str:
    """Return the sentence with a capital first letter."""
    return sentence[:1].upper() + sentence[1:]


def heading(metric: MetricInfo) -> str:
    """Return label and unit of a metric: "SI-SNR (dB)"."""
    return f"{metric.label} ({metric.unit})" if metric.unit else metric.label


def number(value: float, metric: MetricInfo) -> str:
    """Return a value with three significant digits, or "> 90" where it exceeds a ceiling of 90."""
    if metric.ceiling is not None and value > metric.ceiling:
        return f"> {metric.ceiling:g}"
    return significant(value)


def interval(entry: Entry, metric: MetricInfo) -> str:
    """Return the 95 % interval as "[low, high]".

    It is "" where fewer than two clips have a value, and where both ends exceed the metric's ceiling.
    """
    low, high = entry.summary.low, entry.summary.high
    if low is None or high is None or (metric.ceiling is not None and low > metric.ceiling):
        return ""
    return f"[{number(low, metric)}, {number(high, metric)}]"


def coverage(entry: Entry) -> str:
    """Return the coverage, such as "(510/512)", where a wanted score has no value; otherwise ""."""
    summary = entry.summary
    return f"({summary.n}/{summary.n_total})" if summary.n < summary.n_total else ""


def printed(value: Printed | None) -> str:
    """Return a published value as it was printed, or "" where there is none."""
    return "" if value is None else value.text


def ideal(metric: MetricInfo) -> str:
    """Return the ideal value of a metric according to the paper, or ""."""
    return "" if metric.ideal is None else f"{metric.ideal:g}"


def ratio(row: TableRow) -> str:
    """Return the compression ratio, samples per stored number, or ""."""
    return "" if row.ratio is None else significant(row.ratio)


def count(row: TableRow) -> str:
    """Return the number of reconstructed clips, as "3/16" while some are missing."""
    return str(row.built) if row.built == row.wanted else f"{row.built}/{row.wanted}"


def fact_columns(table: Table) -> list[str]:
    """Return the columns of a table between the compression ratio and the number of clips.

    "numbers" and "kbit" are what one clip costs to store; they are shown where a row stores bits and no numbers, as a
    codec does. "generated" (numbers that the network writes for one clip), "total" (weights of the network) and "steps"
    (training steps) are shown where a row has a training that its clips share. The costs that the experiment asks for
    come last (see hsbench.report.cost_columns). An experiment that asks for kbit/s shows nothing but what it asks for.
    """
    if "kbps" in table.view.columns:
        return [cost_columns.heading(name) for name in cost_columns.asked(table.view)]
    trained = [name for name in TRAINING if any(name in row.fit for row in table.rows)]
    asked = [cost_columns.heading(name) for name in cost_columns.asked(table.view)]
    return [*(PAYLOAD if _has_coded(table) else ()), *trained, *asked]


def _has_coded(table: Table) -> bool:
    """Return whether a row stores bits and no numbers, as a codec does."""
    return any(row.kbit and not row.numbers for row in table.rows)


def fact_cells(row: TableRow, columns: list[str]) -> list[str]:
    """Return the cells of a row in these columns; "" where a row has no such value."""
    cells = {"numbers": str(row.numbers or ""), "kbit": significant(row.kbit) if row.kbit else ""}
    cells |= cost_columns.cells(row.costs)
    return [cells[column] if column in cells else str(row.fit.get(column, "")) for column in columns]


def label(row: TableRow) -> str:
    """Return the name of a row, shortened where it is long, with its badge: "FMLP [quick]"."""
    return f"{short(row.name)} [{row.badge}]" if row.badge else short(row.name)


def circumstances(table: Table) -> str:
    """Return corpora, split, budget and protocol in one line, with the description of each corpus."""
    view = table.view
    corpora = "; ".join(_corpus(name, corpus, view) for name, corpus in view.corpora.items()) or "no corpus available"
    trained = f"; {training(view)}" if view.train_corpus else ""
    split = "" if _shows_seen(view) else f"split {view.split}, "
    return f"{corpora}{trained}; {split}budget {view.budget}, protocol {view.protocol}"


def training(view: View) -> str:
    """Return which corpus the models of a view learned from, where it is not the scored one; else ""."""
    if (corpus := view.train_corpus) is None:
        return ""
    return (
        f"models that learn were trained on {one_line(str(corpus))}, fingerprint {one_line(corpus.fingerprint)[:12]}, "
        "and not on the scored corpus"
    )


def _corpus(name: str, corpus: ViewCorpus, view: View) -> str:
    partial = ", partial corpus" if any("partial" in reason for reason in corpus.incomplete) else ""
    return (
        f"corpus {name} ({corpus.description}{partial}; fingerprint {corpus.fingerprint[:12]}), "
        f"{clips_of(corpus, view)} of {corpus.samples} samples at {corpus.sample_rate} Hz"
    )


def clips_of(corpus: ViewCorpus, view: View) -> str:
    """Return how many clips of a corpus a view scores: "16 clips", or "16 held-out and 8 seen clips"."""
    if not _shows_seen(view):
        return counted(len(corpus.clips), "clip")
    kinds = (f"{len(corpus.splits[split])} {kind}" for split, kind in KINDS.items() if split in corpus.splits)
    return " and ".join(kinds) + " clips"


def _shows_seen(view: View) -> bool:
    """Return whether a view has rows on seen clips beside those on held-out clips."""
    return any(row.split == "train" for row in view.rows)


def reading(table: Table, form: Form = PLAIN) -> str:
    """Return how to read the cells and columns of a table."""
    first = (
        "Mean over clips with its 95 % bootstrap interval; bold: the best row, and every row that the paired "
        "difference does not separate from it."
    )
    if form.paper_columns:
        return first
    sentences = [first, "CR: samples per stored number; n: number of reconstructed clips."]
    columns = fact_columns(table)
    if "kbit" in columns:
        sentences.append("Numbers and kbit: what one clip costs to store; a codec stores bits and no numbers.")
    if "generated" in columns:
        sentences.append("Generated: numbers that the network writes for one clip.")
    if "total" in columns:
        sentences.append("Total: numbers that all clips share, the weights of the network itself.")
    if _shows_seen(table.view):
        sentences.append(SEEN)
    sentences += [cost_columns.explanation(name) for name in cost_columns.asked(table.view)]
    return " ".join(sentences)


@dataclass(frozen=True)
class AddedMeans:
    """Means of another kind than those of the table, which stand in a block of their own.

    Attributes:
        heading: what kind of means they are.
        cells: for each row of the table, the mean in each metric, or "-" where there is none.
        explanation: how the means are computed.
    """

    heading: str
    cells: list[list[str]]
    explanation: str


def added_means(table: Table, form: Form) -> list[AddedMeans]:
    """Return the means that a form adds to those of a table."""
    metrics = form.metrics(table)

    def cells(mean: Callable[[Entry], float | None]) -> list[list[str]]:
        means = [[(mean(row.entries[metric.name]), metric) for metric in metrics] for row in table.rows]
        return [["-" if value is None else number(value, metric) for value, metric in row] for row in means]

    added = []
    if form.paper_means:
        published = cells(lambda entry: entry.paper)
        added.append(AddedMeans("by the published aggregator", published, aggregator(table)))
    if form.penalised_means:
        penalised = cells(lambda entry: entry.penalised)
        added.append(AddedMeans("penalised, with failed estimates", penalised, penalty(metrics)))
    return added


def penalty(metrics: Sequence[MetricInfo]) -> str:
    """Return how penalised means are computed, with the value that a failed estimate has in each of the metrics."""
    worst = [f"{metric.label} {metric.worst:g} {metric.unit}".strip() for metric in metrics if metric.worst is not None]
    values = f": {', '.join(worst)}" if worst else ""
    return (
        f"Penalised means: a score that has no value because of the estimate ({', '.join(sorted(ESTIMATE_FAULTS))}) "
        f"counts as the worst value{values}. A metric without a worst value has no mean (-) in a row with such a score."
    )


def aggregator(table: Table) -> str:
    """Return what the published aggregator is, see stats.paper_mean."""
    if table.batch == 1:
        return "The published aggregator averages this table clip by clip, over the clips that have a value."
    return (
        f"The published aggregator is the mean of the means of successive batches of {table.batch} clips in evaluation "
        "order: a clip without a value removes its whole batch, and a short last batch weighs as much as a full one."
    )


def caveats(table: Table) -> str:
    """Return what a reader must know of the published values, or "" where there are none."""
    if table.source is None:
        return ""
    parts = (("As published: ", table.source.caveats), ("Notes of hsbench on them: ", table.source.notes))
    return " ".join(head + "; ".join(said) + "." for head, said in parts if said)


@dataclass(frozen=True)
class Remark:
    """Something that a reader must know of some rows.

    Attributes:
        rows: the rows that the remark is about.
        subject: name of the row, or "all rows", with the badge where the remark explains it.
        text: the remark, without a full stop.
    """

    rows: tuple[TableRow, ...]
    subject: str
    text: str


def notes(table: Table) -> list[str]:
    """Return the remarks on the rows as lines: departures from the paper, failures, missing scores, clipping."""
    return [f"{remark.subject}: {remark.text}" for remark in remarks(table)]


def remarks(table: Table) -> list[Remark]:
    """Return the remarks on the rows of a table.

    Departures that all rows share are one remark; so are those of successive rows with the same ones, as a row on
    held-out clips and the same row on seen clips have.
    """
    remarks = []
    shared = _shared_departures(table)
    if shared:
        departing = tuple(row for row in table.rows if row.departures)
        remarks.append(Remark(departing, f"all rows [{table.view.budget}]", "; ".join(shared)))

    def own(row: TableRow) -> tuple[str, ...]:
        return tuple(departure for departure in row.departures if departure not in shared)

    for departures, group in itertools.groupby(table.rows, own):
        alike = tuple(group)
        if departures:
            subject = ", ".join([*(short(row.name) for row in alike[:-1]), label(alike[-1])])
            remarks.append(Remark(alike, subject, "; ".join(departures)))
        remarks += [Remark((row,), short(row.name), note) for row in alike for note in _notes(row)]
    if table.equivalent_fits is not None:
        fitted = zip(table.rows, table.view.rows, strict=True)
        rows = tuple(row for row, facts in fitted if facts.model in table.equivalent_fits.models)
        remarks.append(Remark(rows, "individual fits", _movement(table, table.equivalent_fits)))
    return [*remarks, *(Remark(table.rows, label, text) for label, text in lengths.short_clips(table))]


def _movement(table: Table, fits: EquivalentFits) -> str:
    """Return how far the scores of a fit move with the order of summation, for the metrics of a table."""
    parts: list[str] = []
    for metric in table.metrics:
        if (spread := fits.spread.get(metric.name)) is not None:
            values = (spread.clip_median, spread.clip_max, spread.mean_range)
            median, largest, mean = (f"{significant(value)} {metric.unit}".strip() for value in values)
            if parts:
                parts.append(f"{metric.label} by {median}, {largest} and {mean}")
            else:
                where = f"{counted(fits.clips, 'clip')} of {fits.corpus}"
                parts.append(
                    f"{metric.label} by {median} on a median clip and up to {largest} on one clip, "
                    f"{mean} in the mean over {where}"
                )
    return (
        "the same fits with another order of summation (another processor or a GPU) differ: "
        f"{'; '.join(parts)} (measured at {fits.budget}); smaller differences between rows are no findings"
    )


def _notes(row: TableRow) -> list[str]:
    """Return the remarks on one row, except for its departures from the paper."""
    notes = [*([row.below_floor] if row.below_floor else []), *row.notes]
    if row.fit.get("status", "ok") != "ok":
        notes.append(f"the training {row.fit['status']}")
    if row.bad:
        notes.append(", ".join(f"{counted(n, 'reconstruction')} {status}" for status, n in row.bad.items()))
    if row.missing:
        missing = (f"{n} of {metric} ({status})" for (metric, status), n in row.missing.items())
        notes.append("scores without a value: " + ", ".join(missing))
    if row.clipped > 0:
        notes.append(f"{significant(100 * row.clipped)} % of the samples lie beyond full scale (scored unclipped)")
    return notes


def _shared_departures(table: Table) -> list[str]:
    """Return the departures from the paper that all reconstructed rows share; none where there is a single row."""
    if len(table.rows) < 2:
        return []
    first, *others = [row.departures for row in table.rows if row.built] or [()]
    return [departure for departure in first if all(departure in departures for departures in others)]
