"""Tables that sort and filter, and the table of a group with what was published apart from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.report import text
from hsbench.report.html.page import Html, el, items

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.analysis.published import Printed
    from hsbench.metrics.base import MetricInfo
    from hsbench.report.html.group import Group
    from hsbench.report.table import Entry, Table, TableRow


def grid(
    head: Sequence[object],
    rows: Sequence[Html],
    *,
    caption: str,
    first: Html | None = None,
    filters: bool = False,
    texts: Sequence[object] = (),
) -> Html:
    """A table whose columns sort by a click or a key.

    Args:
        head: what the columns are called.
        rows: tr elements.
        caption: names the table for those who do not see it.
        first: a row that stays on top.
        filters: whether rows can be searched.
        texts: which of head stand over words and not over numbers.
    """
    columns = [
        el("th", el("button", name, type="button", class_="sort"), scope="col", class_=_kind(index, name in texts))
        for index, name in enumerate(head)
    ]
    body = el(
        "table",
        el("caption", caption, class_="hidden"),
        el("thead", el("tr", *columns), first),
        el("tbody", *rows),
        class_="sortable",
    )
    search = None
    if filters:
        search = el(
            "p",
            el("label", "Show rows that contain ", el("input", type="search", autocomplete="off", size=18)),
            el("output", "", class_="shown"),
            class_="filter",
        )
    box = el("div", body, class_="box", tabindex="0", role="region", aria_label=caption)
    return el("div", search, box, class_="grid")


def _kind(index: int, words: bool) -> str | None:
    if index == 0:
        return "name"
    return "text" if words else None


def cell(value: float | None, *shown: object, class_: str = "number") -> Html:
    """A cell that sorts by a number, not by its text; without one it sorts last."""
    return el("td", *shown, data_value="" if value is None else repr(float(value)), class_=class_)


def summary(group: Group) -> Html:
    """Our rows: means, intervals, coverage."""
    table = group.table
    facts = text.fact_columns(table)
    head = ["model", "CR", *facts, "n", *(text.heading(metric) for metric in table.metrics)]
    blank = [el("td") for _ in [*facts, "CR", "n"]]
    ideals = [el("td", text.ideal(metric)) for metric in table.metrics]
    ideal = el("tr", el("th", "ideal", scope="row", class_="name"), *blank, *ideals, class_="ideal")
    rows = [_row(group, row, facts) for row in table.rows]
    return grid(head, rows, caption=f"{table.title}: our rows", first=ideal, filters=len(rows) > 3)


def _row(group: Group, row: TableRow, facts: list[str]) -> Html:
    badge = el("span", row.badge, class_="badge", title="; ".join(row.departures)) if row.badge else None
    cells = next(asked.cells for asked in group.view.rows if asked.name == row.name)
    name = el("a", row.name, href=f"cells.html#{cells[0]}") if cells else row.name
    trained = text.fact_cells(row, facts)
    return el(
        "tr",
        el("th", name, " ", badge, scope="row", class_="name", data_value=row.name),
        cell(row.ratio, text.ratio(row)),
        *(cell(float(one) if one else None, one) for one in trained),
        cell(row.built, text.count(row)),
        *(_entry(row.entries[metric.name], metric) for metric in group.table.metrics),
    )


def _entry(entry: Entry, metric: MetricInfo) -> Html:
    mean = entry.summary.mean
    coverage = text.coverage(entry)
    unscored = el("small", coverage, title="clips that have a value, of those wanted") if coverage else None
    if mean is None:
        return cell(None, "-", " ", unscored)
    shown = text.number(mean, metric)
    interval = text.interval(entry, metric)
    return cell(
        mean,
        el("strong", shown) if entry.bold else shown,
        el("small", interval, class_="interval") if interval else None,
        unscored,
    )


def published(table: Table) -> Html | None:
    """What was published, in a block of its own; grey, with every reason, where it is not comparable."""
    if table.source is None:
        return None
    printed = [row for row in table.rows if row.printed]
    head = ["published", *(text.heading(metric) for metric in table.metrics)]
    rows = [
        el(
            "tr",
            el("th", row.name, scope="row", class_="name"),
            *(_printed(row.printed.get(metric.name)) for metric in table.metrics),
        )
        for row in printed
    ]
    verdict = "not comparable with the rows above" if table.reasons else "comparable with the rows above"
    return el(
        "section",
        el("h3", "Published: ", el("em", verdict)),
        el("p", f"{table.source.source}."),
        el("p", "Why these numbers must not be held against ours:") if table.reasons else None,
        items(table.reasons, class_="reasons"),
        grid(head, rows, caption=f"{table.title}: published values") if rows else None,
        el("p", text.caveats(table), class_="fine"),
        class_="published apart" if table.reasons else "published",
    )


def _printed(value: Printed | None) -> Html:
    return cell(None if value is None else value.value, text.printed(value))
