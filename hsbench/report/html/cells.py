"""Settings, protocol and provenance of every cell, as a reviewer would ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench.report import sessions
from hsbench.report.html.page import Html, el, frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hsbench.report.html.group import Fit, Group

LOG_LINES = 30
"""Of the end of a cell's log."""


def page(groups: Sequence[Group]) -> str:
    """One entry for each cell, shared by all the rows that show it."""
    shown: dict[str, tuple[Fit, list[str]]] = {}
    for group in groups:
        for fit in group.fits:
            _, places = shown.setdefault(fit.name, (fit, []))
            places.append(f"{group.view.experiment}: {fit.row}")
    lines = [el("li", el("a", name, href=f"#{name}")) for name in shown]
    return frame(
        "Cells",
        el("h1", "Cells"),
        el(
            "p",
            "A cell is one fitted thing: a model with its settings, a corpus, a budget, a protocol and a seed. "
            "Rows of several tables may show the same cell. Settings are complete; the key is the SHA-256 of them all.",
        ),
        el("nav", el("ul", *lines), aria_label="Cells", class_="contents"),
        *(_cell(fit, places) for fit, places in shown.values()),
        here="cells.html",
        wide=True,
    )


def _cell(fit: Fit, places: Sequence[str]) -> Html:
    past, provenance = sessions.past(fit.folder), fit.folder.provenance()
    ended = f"Status: {past.status}" + (f": {past.message}" if past.message else "")
    log = _log(fit)
    return el(
        "article",
        el("h2", fit.name),
        el("p", "Shown as ", "; ".join(dict.fromkeys(places)), f". {ended}."),
        None if past.status == "not run" else _specification(fit),
        *(_session(number, one) for number, one in enumerate(provenance.get("sessions", []), 1)),
        el("details", el("summary", "End of its log"), el("pre", log, tabindex="0")) if log else None,
        id=fit.name,
        class_="cell",
    )


def _specification(fit: Fit) -> Html:
    spec = fit.folder.spec()
    parts = [("model", spec.model), ("corpus", spec.corpus), ("budget", spec.budget), ("protocol", spec.protocol)]
    facts: list[tuple[str, object]] = [("key", spec.key), ("seed", spec.seed)]
    for kind, part in parts:
        facts.append((kind, f"{part.name}, version {part.version}"))
        facts += [(f"{kind}.{key}", _shown(value)) for key, value in part.settings]
    return el("details", el("summary", "Settings and protocol"), _pairs(facts), open=True)


def _session(number: int, session: Mapping[str, Any]) -> Html:
    facts = [("hsbench", sessions.version(session)), *_flat(session)]
    seconds = session.get("seconds")
    took = f", {sessions.duration(seconds)}" if seconds else ""
    title = f"Working session {number}: {session.get('started', 'time unknown')}{took}"
    return el("details", el("summary", title), _pairs(facts))


def _flat(session: Mapping[str, Any]) -> list[tuple[str, object]]:
    """The facts of a session, mappings taken apart; what the title says is left out."""
    found: list[tuple[str, object]] = []
    for key, value in session.items():
        if key in ("code", "started"):
            continue
        if isinstance(value, dict):
            found += [(f"{key}.{name}", _shown(one)) for name, one in value.items()]
        else:
            found.append((key, " ".join(map(str, value)) if isinstance(value, list) else _shown(value)))
    return found


def _shown(value: object) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _pairs(facts: Iterable[tuple[str, object]]) -> Html:
    return el("dl", *(el("div", el("dt", key), el("dd", value)) for key, value in facts), class_="pairs")


def _log(fit: Fit) -> str:
    try:
        lines = fit.folder.log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-LOG_LINES:])
