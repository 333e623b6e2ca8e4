"""What was run, when, with which budget and with what outcome: facts of cells that every view of a folder shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hsbench.results.cell_folder import CellFolder


class Shown(Protocol):
    """A cell as a row of a table shows it."""

    @property
    def row(self) -> str:
        """The row's name."""
        ...

    @property
    def folder(self) -> CellFolder:
        """The cell."""
        ...


@dataclass(frozen=True)
class Past:
    """The working sessions of a cell, summed up.

    Attributes:
        status: done, failed, timeout, crashed, unavailable or interrupted; "running or killed" where a session began
            and left none, "not run" where none began.
        message: the reason, where there is one.
        started: when the first session began, ISO 8601, or "".
        last: when the last one did.
        seconds: of all sessions that ended in order.
        versions: of hsbench, with the commit where it is known.
        commands: the command lines, each once.
    """

    status: str
    message: str
    started: str
    last: str
    seconds: float
    versions: tuple[str, ...]
    commands: tuple[str, ...]


def past(folder: CellFolder) -> Past:
    """Sum up what provenance and status say of a cell."""
    sessions, status = folder.provenance().get("sessions", []), folder.status()
    starts = [one["started"] for one in sessions if one.get("started")]
    return Past(
        status=status.get("status") or ("running or killed" if sessions else "not run"),
        message=status.get("message", ""),
        started=min(starts, default=""),
        last=max(starts, default=""),
        seconds=sum(one.get("seconds") or 0.0 for one in sessions),
        versions=tuple(dict.fromkeys(version(one) for one in sessions)),
        commands=tuple(dict.fromkeys(" ".join(one["command"]) for one in sessions if one.get("command"))),
    )


def version(session: Mapping[str, Any]) -> str:
    """The hsbench that a session ran: "0.1.0 (220a539, uncommitted changes)"."""
    code = session.get("code", {})
    more = [(code.get("commit") or "")[:7], "uncommitted changes" if code.get("dirty") else ""]
    said = ", ".join(part for part in more if part)
    return f"{code.get('hsbench', 'unknown')} ({said})" if said else str(code.get("hsbench", "unknown"))


def facts(fits: Iterable[Shown]) -> str:
    """When and with what a group's cells were run, and how they ended, in a line; empty without cells."""
    found = [past(one.folder) for one in fits]
    if not found:
        return ""
    starts = [one.started for one in found if one.started]
    lasts = [one.last for one in found if one.last]
    spoken = [f"{_count(len(found), 'cell')}: {statuses(found)}"]
    if starts:
        begun, ended = min(starts), max(lasts)
        spoken.append(f"run {begun}" if begun == ended else f"run from {begun} to {ended}")
        spoken.append(f"{duration(sum(one.seconds for one in found))} in all")
        versions = dict.fromkeys(one for was in found for one in was.versions)
        spoken.append(f"hsbench {' and '.join(versions)}")
    return ", ".join(spoken) + "."


def statuses(found: Sequence[Past]) -> str:
    """How many cells ended how: "5 done, 1 failed"."""
    names = [one.status for one in found]
    return ", ".join(f"{names.count(name)} {name}" for name in dict.fromkeys(names))


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def duration(seconds: float) -> str:
    """Seconds, minutes or hours: "12 s", "3.4 min", "2.1 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
