"""The first page: every group's table with what must be said of it, and the ways to the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.report import text
from hsbench.report.html import tables
from hsbench.report.html.page import Html, el, frame, items
from hsbench.report.sessions import facts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.report.html.figures import Picture
    from hsbench.report.html.group import Group


def page(groups: Sequence[Group], pictures: Mapping[str, Sequence[Picture]]) -> str:
    """The page.

    Args:
        groups: in the order shown.
        pictures: group's slug -> its figures.
    """
    lines = [
        el("li", el("a", one.table.title, href=f"#{one.slug}"), el("span", f" {_short(one)}", class_="fine"))
        for one in groups
    ]
    return frame(
        "Report",
        el("h1", "Report"),
        el(
            "p",
            "How well models rebuild sound, and what they had to store for it. Read ",
            el("a", "what these numbers do not tell", href="limits.html"),
            " first. A model's name leads to the settings, protocol and provenance of its cell.",
        ),
        el("nav", el("ul", *lines), aria_label="Tables", class_="contents"),
        *(_section(one, pictures.get(one.slug, ())) for one in groups),
        here="index.html",
        wide=True,
    )


def _short(group: Group) -> str:
    view = group.view
    return f"{view.experiment}: corpus {' + '.join(view.row_corpora())}, budget {view.budget}, protocol {view.protocol}"


def _section(group: Group, pictures: Sequence[Picture]) -> Html:
    table = group.table
    said = facts(group.fits)
    return el(
        "section",
        el("h2", table.title),
        el("p", _capital(text.circumstances(table)) + "."),
        el("p", said, class_="fine") if said else None,
        tables.summary(group),
        el("p", text.reading(table), class_="fine"),
        items(text.notes(table), class_="notes"),
        _listen(group),
        tables.published(table),
        _figures(pictures),
        id=group.slug,
        class_="group",
    )


def _listen(group: Group) -> Html | None:
    """Links to each metric's values clip by clip, from which a clip's sound is a step away."""
    parts = []
    for name, corpus in group.corpora.items():
        links = [
            el("a", text.heading(metric), href=group.scores_page(name, metric.name)) for metric in group.table.metrics
        ]
        count = f"{len(corpus.clips)} clips" if len(group.corpora) == 1 else f"{len(corpus.clips)} of {name}"
        first = el("a", "listen, clip by clip", href=group.clip_page(name, corpus.clips[0]))
        separated = [part for link in links for part in (" · ", link)]
        parts.append(el("p", el("b", count), ": ", first, "; values by ", *separated[1:], class_="listen"))
    return el("div", *parts) if parts else None


def _figures(pictures: Sequence[Picture]) -> Html | None:
    if not pictures:
        return None
    return el(
        "div",
        *(
            el(
                "figure",
                el("a", _image(one), href=one.svg),
                el("figcaption", el("b", f"{one.title}. "), one.caption),
            )
            for one in pictures
        ),
        class_="figures",
    )


def _image(one: Picture) -> Html:
    return el("img", src=one.png, alt=one.title, loading="lazy", width=one.width, height=one.height)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
