"""`hsbench clean`: make room in a results folder, by rule; shows what would go unless told to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hsbench.cli import options

if TYPE_CHECKING:
    from hsbench.api.cleaning import Survey


def clean(
    experiments: Annotated[
        list[str] | None,
        typer.Argument(
            help="Only cells of these experiments, though others share them; all cells by default.",
            metavar="[EXPERIMENT]...",
        ),
    ] = None,
    audio: Annotated[bool, typer.Option("--audio", help="Rebuilt clips.")] = False,
    weights: Annotated[bool, typer.Option("--weights", help="The parameters of each clip.")] = False,
    networks: Annotated[bool, typer.Option("--networks", help="What a training that clips share has learned.")] = False,
    checkpoints: Annotated[bool, typer.Option("--checkpoints", help="Fits and trainings in flight.")] = False,
    superseded: Annotated[bool, typer.Option("--superseded", help="Cells that --rerun set aside, whole.")] = False,
    model: Annotated[str | None, typer.Option(help="Only cells of this model.")] = None,
    corpus: Annotated[str | None, typer.Option(help="Only cells of this corpus.")] = None,
    older_than: Annotated[
        float | None, typer.Option(help="Only cells without a new record for so many days.", metavar="DAYS")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove; without it, only say what would go.")] = False,
    results: options.ResultsDir = options.RESULTS,
) -> None:
    """Say what could be dropped to make room, and drop it with --yes. Scores, specifications and logs always stay."""
    from hsbench.api import cleaning
    from hsbench.errors import UsageError

    asked = {
        "audio": audio,
        "weights": weights,
        "networks": networks,
        "checkpoints": checkpoints,
        "superseded": superseded,
    }
    rules = [rule for rule, on in asked.items() if on]
    if yes and not rules:
        raise UsageError(f"clean --yes expects what to remove: {', '.join(f'--{rule}' for rule in cleaning.RULES)}.")
    found = cleaning.survey(results, rules or list(cleaning.RULES), experiments, model, corpus, older_than)
    print("\n".join(lines(found)))
    if not found.removals:
        return
    if yes:
        freed, taken = cleaning.remove(found)
        for name in taken:
            print(f"{name} is being worked on and left alone.")
        print(f"Freed {amount(freed)}.")
    elif rules:
        print("Nothing was removed; add --yes to remove it.")
    else:
        print("Nothing was removed; name what may go, for instance --audio, and add --yes.")


def lines(found: Survey) -> list[str]:
    """Return what would go, rule by rule, with its size and what it costs later; then what is left alone."""
    from hsbench.api.cleaning import RULES

    said = []
    for rule, (what, cost) in RULES.items():
        of_rule = [removal for removal in found.removals if removal.rule == rule]
        if of_rule:
            cells = len({removal.folder.path for removal in of_rule})
            files, size = sum(removal.files for removal in of_rule), sum(removal.size for removal in of_rule)
            said.append(f"{rule:<11}  {amount(size):>9}  {what}: {files} files of {cells} cells. Later: {cost}.")
    if said:
        said.append(f"{'together':<11}  {amount(sum(removal.size for removal in found.removals)):>9}")
    else:
        said.append("There is nothing to remove.")
    said += [f"{name} is being worked on and left alone." for name in found.running]
    said += [f"{path} leads out of the results folder and is left alone." for path in found.linked]
    return said


def amount(size: int) -> str:
    """Return a number of bytes for people, in decimal units."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"
