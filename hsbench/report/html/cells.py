"""The page of all cells: the settings, protocol and provenance of each, as a reviewer would ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.report import sessions
from hsbench.report.html.page import render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hsbench.report.html.group import Fit, Group

    Facts = Sequence[tuple[str, object]]

LOG_LINES = 30
"""Lines of the end of a cell's log that the page shows."""


@dataclass(frozen=True)
class Session:
    """One working session of a cell.

    Attributes:
        title: when it started, and how long it took.
        facts: (name, value) of everything that the cell's folder says of it.
    """

    title: str
    facts: Facts


@dataclass(frozen=True)
class CellEntry:
    """A cell as the page shows it.

    Attributes:
        name: name of its folder.
        rows: the table rows that show the cell, each as (experiment, row).
        circumstances: corpus, budget and seed.
        outcome: how the last session ended, with the reason where there is one.
        duration: total duration of its sessions, or "" where none ended.
        settings: (name, value) of its specification; empty for a cell that was never run.
        sessions: its working sessions in their order.
        log: the last lines of its log, or "".
    """

    name: str
    rows: Sequence[tuple[str, str]]
    circumstances: tuple[str, str, str]
    outcome: str
    duration: str
    settings: Facts
    sessions: Sequence[Session]
    log: str

    @property
    def title(self) -> str:
        """The names of the rows that show the cell, each once."""
        return " / ".join(dict.fromkeys(row for _, row in self.rows))


def page(groups: Sequence[Group]) -> str:
    """Return the page; a cell that several rows show has one entry."""
    cells: dict[str, tuple[Fit, dict[tuple[str, str], None]]] = {}
    for group in groups:
        for fit in group.fits:
            _, rows = cells.setdefault(fit.name, (fit, {}))
            rows[group.view.experiment, fit.row] = None
    entries = [_entry(fit, list(rows)) for fit, rows in cells.values()]
    places = "; ".join(dict.fromkeys(", ".join(group.view.row_corpora()) for group in groups))
    return render("cells.html", "Cells", place=places, here="cells.html", cells=entries)


def _entry(fit: Fit, rows: Sequence[tuple[str, str]]) -> CellEntry:
    history = sessions.history(fit.folder)
    circumstances = (fit.corpus, "", "")
    if fit.folder.exists():
        spec = fit.folder.spec()
        circumstances = (fit.corpus, spec.budget.name, str(spec.seed))
    return CellEntry(
        name=fit.name,
        rows=rows,
        circumstances=circumstances,
        outcome=history.outcome,
        duration=sessions.duration(history.seconds) if history.seconds else "",
        settings=_settings(fit) if fit.folder.exists() else (),
        sessions=[_session(session) for session in fit.folder.provenance().get("sessions", [])],
        log=_log(fit),
    )


def _settings(fit: Fit) -> Facts:
    """Key, seed and every setting, each under the name of its part: "model.width"."""
    spec = fit.folder.spec()
    parts = [("model", spec.model), ("corpus", spec.corpus), ("budget", spec.budget), ("protocol", spec.protocol)]
    parts += [] if spec.train_corpus is None else [("train_corpus", spec.train_corpus)]
    facts: list[tuple[str, object]] = [("key", spec.key), ("seed", spec.seed)]
    for kind, part in parts:
        facts.append((kind, f"{part.name}, version {part.version}"))
        facts += [(f"{kind}.{key}", _shown(value)) for key, value in part.settings]
    return facts


def _session(session: Mapping[str, Any]) -> Session:
    seconds = session.get("seconds")
    duration = f", {sessions.duration(seconds)}" if seconds else ""
    title = f"{session.get('started', 'time unknown')}{duration}"
    return Session(title, [("hsbench", sessions.version(session)), *_flat(session)])


def _flat(session: Mapping[str, Any]) -> Facts:
    """The facts of a session, nested ones as "outer.inner", without those that its title and version hold."""
    facts: list[tuple[str, object]] = []
    for key, value in session.items():
        if key in ("code", "started"):
            continue
        if isinstance(value, dict):
            facts += [(f"{key}.{name}", _shown(inner)) for name, inner in value.items()]
        else:
            facts.append((key, " ".join(map(str, value)) if isinstance(value, list) else _shown(value)))
    return facts


def _shown(value: object) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _log(fit: Fit) -> str:
    try:
        lines = fit.folder.log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-LOG_LINES:])
