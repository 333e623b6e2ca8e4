"""`hsbench doctor`: what is installed, and what that blocks."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated

import typer

from hsbench.cli import options

if TYPE_CHECKING:
    from hsbench.api.checkups import Checkup

WORDS = {None: "", True: "ok", False: "missing"}


def doctor(
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
    output_format: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Show what is installed and what that blocks. Exits with 4 where a required back end does not work."""
    from hsbench.api import checkups
    from hsbench.api.registered import import_files
    from hsbench.errors import BackendMissingError, UnknownNameError

    if output_format not in ("text", "json"):
        raise UnknownNameError("format", output_format, ("text", "json"))
    import_files(imports)
    made = checkups.installed(results)
    print(document(made) if output_format == "json" else text(made))
    if made.failing:
        names = ", ".join(one.name for one in made.failing)
        raise BackendMissingError(f"the main job needs {names}, missing or broken here; {made.failing[0].detail}")


def text(made: Checkup) -> str:
    """The sections as aligned plain text."""
    lines = []
    for title, facts in made.sections.items():
        lines.append(f"{title}:")
        width = max((len(fact.name) for fact in facts), default=0)
        judged = max((len(WORDS[fact.ok]) for fact in facts), default=0)
        for fact in facts:
            word = f"{WORDS[fact.ok].ljust(judged)}  " if judged else ""
            lines.append(f"  {fact.name.ljust(width)}  {word}{fact.value}")
        if not facts:
            lines.append("  nothing")
    return "\n".join(lines)


def document(made: Checkup) -> str:
    """The same for programs."""
    sections = {title: [dataclasses.asdict(fact) for fact in facts] for title, facts in made.sections.items()}
    failing = [one.name for one in made.failing]
    return json.dumps({"schema": 1, "works": not failing, "failing": failing, "sections": sections}, indent=2)
