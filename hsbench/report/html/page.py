"""Elements, escaping and the frame of every page."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

VOID = frozenset({"img", "input", "meta", "link", "br"})


class Html(str):
    """Markup that `el` made; any other text is escaped when it becomes part of an element."""

    __slots__ = ()


def text(value: object) -> Html:
    """Markup as it is, anything else as escaped text."""
    return value if isinstance(value, Html) else Html(html.escape(str(value)))


def el(tag: str, *children: object, **attributes: Any) -> Html:
    """An element; children and attribute values are escaped.

    Args:
        tag: its name.
        children: elements, or text; None is left out.
        attributes: class_ and for_ lose their underscore, other underscores become dashes; None and False leave an
            attribute out, True gives it no value.
    """
    said = []
    for key, value in attributes.items():
        name = key.rstrip("_").replace("_", "-")
        if value is True:
            said.append(f" {name}")
        elif value is not None and value is not False:
            said.append(f' {name}="{html.escape(str(value))}"')
    head = f"<{tag}{''.join(said)}>"
    if tag in VOID:
        return Html(head)
    return Html(f"{head}{join(children)}</{tag}>")


def join(children: Sequence[object]) -> Html:
    """Children one after the other; None is left out."""
    return Html("".join(text(child) for child in children if child is not None))


def items(lines: Sequence[object], **attributes: Any) -> Html | None:
    """A list, or nothing where there is nothing to list."""
    return el("ul", *(el("li", line) for line in lines), **attributes) if lines else None


@dataclass(frozen=True)
class Link:
    """Where a page leads to, seen from the report's folder."""

    label: str
    target: str


PAGES = (
    Link("Tables", "index.html"),
    Link("Cells", "cells.html"),
    Link("What these numbers do not tell", "limits.html"),
    Link("Where paper and code part", "differences.html"),
)


def frame(title: str, *body: object, here: str, up: str = "", wide: bool = False) -> str:
    """A whole page.

    Args:
        title: of the window.
        body: what the page holds.
        here: the page's own place, to mark it in the navigation.
        up: what leads from the page to the report's folder: "" or "../" and so on.
        wide: whether it may be wider than text is read.
    """
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", f"{title} - hsbench"),
        el("link", rel="stylesheet", href=f"{up}assets/style.css"),
        el("link", rel="icon", href="data:,"),
        el("script", src=f"{up}assets/report.js"),
    )
    links = [
        el("a", link.label, href=up + link.target, aria_current="page" if link.target == here else None)
        for link in PAGES
    ]
    top = el(
        "header",
        el("a", "Skip to the content", href="#main", class_="skip"),
        el("span", "hsbench", class_="brand"),
        el("nav", *links, aria_label="Pages"),
        el("button", "Dark or light", type="button", class_="theme", hidden=True),
    )
    main = el("main", *body, id="main", class_="wide" if wide else None)
    return "<!doctype html>\n" + el("html", head, el("body", top, main), lang="en") + "\n"
