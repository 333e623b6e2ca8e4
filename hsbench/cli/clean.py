"""`hsbench clean`: free disk space in a results folder; without --yes, only show what would be removed."""

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
            help="Remove only from cells of these experiments, even if others share them. Default: all cells.",
            metavar="[EXPERIMENT]...",
        ),
    ] = None,
    audio: Annotated[bool, typer.Option("--audio", help="Remove the audio of reconstructed clips.")] = False,
    weights: Annotated[bool, typer.Option("--weights", help="Remove the stored parameters of each clip.")] = False,
    networks: Annotated[
        bool, typer.Option("--networks", help="Remove trained networks that all clips of a cell share.")
    ] = False,
    checkpoints: Annotated[
        bool, typer.Option("--checkpoints", help="Remove the checkpoints of unfinished fits and trainings.")
    ] = False,
    superseded: Annotated[
        bool, typer.Option("--superseded", help="Remove whole cells that run --rerun has replaced.")
    ] = False,
    model: Annotated[str | None, typer.Option(help="Remove only from cells of this model.")] = None,
    corpus: Annotated[str | None, typer.Option(help="Remove only from cells of this corpus.")] = None,
    older_than: Annotated[
        float | None,
        typer.Option(
            help="Remove only from cells whose last record is older than this number of days.", metavar="DAYS"
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Really remove the files. Without this option, nothing is removed.")
    ] = False,
    results: options.ResultsDir = options.RESULTS,
) -> None:
    """Show what can be removed to free disk space; remove it with --yes. Scores, specifications and logs are kept."""
    from hsbench.api import cleaning
    from hsbench.errors import UsageError

    selected = {
        "audio": audio,
        "weights": weights,
        "networks": networks,
        "checkpoints": checkpoints,
        "superseded": superseded,
    }
    rules = [rule for rule, on in selected.items() if on]
    if yes and not rules:
        raise UsageError(f"clean --yes expects what to remove: {', '.join(f'--{rule}' for rule in cleaning.RULES)}.")
    survey = cleaning.survey(results, rules or list(cleaning.RULES), experiments, model, corpus, older_than)
    print("\n".join(lines(survey)))
    if not survey.removals:
        return
    if yes:
        freed, busy = cleaning.remove(survey)
        for name in busy:
            print(f"{name} is being worked on and left alone.")
        print(f"Freed {amount(freed)}.")
    elif rules:
        print("Nothing was removed; add --yes to remove it.")
    else:
        print("Nothing was removed; name what may go, for instance --audio, and add --yes.")


def lines(survey: Survey) -> list[str]:
    """Return the lines of text about a survey.

    For each rule: what it removes, the size, and what the removal costs later; then the cells that are left alone.
    """
    from hsbench.api.cleaning import RULES
    from hsbench.api.wording import quantity

    text = []
    for rule, (what, cost) in RULES.items():
        of_rule = [removal for removal in survey.removals if removal.rule == rule]
        if of_rule:
            cells = len({removal.folder.path for removal in of_rule})
            files, size = sum(removal.files for removal in of_rule), sum(removal.size for removal in of_rule)
            counts = f"{quantity(files, 'file')} of {quantity(cells, 'cell')}"
            text.append(f"{rule:<11}  {amount(size):>9}  {what}: {counts}. Later: {cost}.")
    if text:
        text.append(f"{'together':<11}  {amount(sum(removal.size for removal in survey.removals)):>9}")
    else:
        text.append("There is nothing to remove.")
    text += [f"{name} is being worked on and left alone." for name in survey.running]
    text += [f"{path} is a link out of the results folder and is left alone." for path in survey.linked]
    return text


def amount(size: int) -> str:
    """Return a number of bytes as text in decimal units, such as "1.5 MB"."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"
