"""`hsbench doctor`: show what is installed, and what cannot run without the rest."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated

import typer

from hsbench.cli import options, screen

if TYPE_CHECKING:
    from hsbench.api.checkups import Checkup

STATES = {None: "", True: "ok", False: "missing"}


def doctor(
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
    output_format: Annotated[str, typer.Option("--format", help="Format of the output: text or json.")] = "text",
    wide: options.Wide = False,
) -> None:
    """Show what is installed on this machine and what cannot run. Exit code 4: a required back end does not work."""
    from hsbench.api import checkups
    from hsbench.api.registered import import_files
    from hsbench.errors import BackendMissingError, UnknownNameError

    if output_format not in ("text", "json"):
        raise UnknownNameError("format", output_format, ("text", "json"))
    import_files(imports)
    checkup = checkups.installed(results)
    if output_format == "json":
        print(document(checkup))
    elif screen.interactive() or wide:
        _draw(checkup, screen.width(wide=wide))
    else:
        print(text(checkup))
    if checkup.failing:
        names = ", ".join(backend.name for backend in checkup.failing)
        raise BackendMissingError(f"the main job needs {names}, missing or broken here; {checkup.failing[0].detail}")


def _draw(checkup: Checkup, columns: int | None) -> None:
    """Print the sections of a check-up, drawn to a number of columns."""
    from hsbench.api.drawing import listing

    for title, facts in checkup.sections.items():
        lines = [(fact.name, STATES[fact.ok], fact.value) for fact in facts] or [("nothing", "", "")]
        screen.show(listing((title, "", ""), lines, columns, wrapped=2), columns)
        print()


def text(checkup: Checkup) -> str:
    """Return the sections of a check-up as text in columns."""
    lines = []
    for title, facts in checkup.sections.items():
        lines.append(f"{title}:")
        width = max((len(fact.name) for fact in facts), default=0)
        state_width = max((len(STATES[fact.ok]) for fact in facts), default=0)
        for fact in facts:
            state = f"{STATES[fact.ok].ljust(state_width)}  " if state_width else ""
            lines.append(f"  {fact.name.ljust(width)}  {state}{fact.value}")
        if not facts:
            lines.append("  nothing")
    return "\n".join(lines)


def document(checkup: Checkup) -> str:
    """Return a check-up as a JSON document."""
    sections = {title: [dataclasses.asdict(fact) for fact in facts] for title, facts in checkup.sections.items()}
    failing = [backend.name for backend in checkup.failing]
    return json.dumps({"schema": 1, "works": not failing, "failing": failing, "sections": sections}, indent=2)
