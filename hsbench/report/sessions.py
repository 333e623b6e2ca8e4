"""When the cells of a results folder were run, by which version of hsbench, and with what outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from hsbench.report import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hsbench.results.cell_folder import CellFolder


class ShownCell(Protocol):
    """A cell as a row of a table shows it."""

    @property
    def row(self) -> str:
        """Name of the row."""
        ...

    @property
    def folder(self) -> CellFolder:
        """Folder of the cell."""
        ...


@dataclass(frozen=True)
class History:
    """The working sessions of a cell, summed up. Each run that worked on the cell is one session.

    Attributes:
        status: done, failed, timeout, crashed, unavailable or interrupted; "running or killed" where a session started
            and wrote no status, "not run" where none started.
        message: reason for the status, or "".
        first_start: when the first session started, ISO 8601, or "".
        last_start: when the last session started, likewise.
        seconds: total duration of the sessions that ended normally.
        versions: versions of hsbench that ran, with the commit where it is known.
        commands: command lines of the sessions, each once.
    """

    status: str
    message: str
    first_start: str
    last_start: str
    seconds: float
    versions: tuple[str, ...]
    commands: tuple[str, ...]

    @property
    def outcome(self) -> str:
        """The status, with its reason where there is one: "failed: no space left on device"."""
        return f"{self.status}: {self.message}" if self.message else self.status


def history(folder: CellFolder) -> History:
    """Return the history of a cell, from its provenance and its status."""
    sessions, status = folder.provenance().get("sessions", []), folder.status()
    starts = [session["started"] for session in sessions if session.get("started")]
    return History(
        status=status.get("status") or ("running or killed" if sessions else "not run"),
        message=status.get("message", ""),
        first_start=min(starts, default=""),
        last_start=max(starts, default=""),
        seconds=sum(session.get("seconds") or 0.0 for session in sessions),
        versions=tuple(dict.fromkeys(version(session) for session in sessions)),
        commands=tuple(dict.fromkeys(" ".join(session["command"]) for session in sessions if session.get("command"))),
    )


def version(session: Mapping[str, Any]) -> str:
    """Return the version of hsbench that a session ran: "0.1.0 (220a539, uncommitted changes)"."""
    code = session.get("code", {})
    parts = [(code.get("commit") or "")[:7], "uncommitted changes" if code.get("dirty") else ""]
    details = ", ".join(part for part in parts if part)
    return f"{code.get('hsbench', 'unknown')} ({details})" if details else str(code.get("hsbench", "unknown"))


def facts(cells: Iterable[ShownCell]) -> str:
    """Return one sentence on the cells of a table: number, statuses, dates, duration and versions; "" without cells.

    A cell that several rows show counts once.
    """
    histories = [history(folder) for folder in {cell.folder.path: cell.folder for cell in cells}.values()]
    if not histories:
        return ""
    first_starts = [cell.first_start for cell in histories if cell.first_start]
    last_starts = [cell.last_start for cell in histories if cell.last_start]
    parts = [f"{text.counted(len(histories), 'cell')}: {statuses(histories)}"]
    if first_starts:
        first, last = min(first_starts), max(last_starts)
        parts.append(f"started {first}" if first == last else f"started from {first} to {last}")
        parts.append(f"{duration(sum(cell.seconds for cell in histories))} in all")
        versions = dict.fromkeys(version for cell in histories for version in cell.versions)
        parts.append(f"hsbench {' and '.join(versions)}")
    return ", ".join(parts) + "."


def statuses(histories: Sequence[History]) -> str:
    """Return the number of cells with each status: "5 done, 1 failed"."""
    names = [history.status for history in histories]
    return ", ".join(f"{names.count(name)} {name}" for name in dict.fromkeys(names))


def duration(seconds: float) -> str:
    """Return a duration in seconds, minutes or hours: "12 s", "3.4 min", "2.1 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
