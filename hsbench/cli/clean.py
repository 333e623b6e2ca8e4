"""`hsbench clean`: make room in a results folder, by rule; shows what would go unless told to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hsbench.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.results.cleaning import Survey, Wish
    from hsbench.results.store import Results


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
    from hsbench.errors import UsageError
    from hsbench.results import cleaning
    from hsbench.results.store import Results

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
    store = Results(results)
    wish = _wish(store, experiments, model, corpus, older_than)
    found = cleaning.survey(store, rules or list(cleaning.RULES), wish)
    print("\n".join(lines(found)))
    if not found.removals:
        return
    if yes:
        _remove(found)
    elif rules:
        print("Nothing was removed; add --yes to remove it.")
    else:
        print("Nothing was removed; name what may go, for instance --audio, and add --yes.")


def _wish(
    store: Results, experiments: Sequence[str] | None, model: str | None, corpus: str | None, days: float | None
) -> Wish:
    """The cells that the options mean.

    Raises:
        UnknownNameError: nothing of that name is in the results.
        UsageError: the age is not positive.
    """
    from hsbench.errors import UnknownNameError, UsageError
    from hsbench.results.cleaning import Wish

    if days is not None and not days > 0:
        raise UsageError(f"--older-than expects days above 0, got {days:g}.")
    there = [*store.cells(), *(folder.path.name for folder in store.superseded())]
    for what, place, wanted in (("model", 0, model), ("corpus", 1, corpus)):
        known = {name.split("--")[place] for name in there if "--" in name}
        if wanted is not None and wanted not in known:
            raise UnknownNameError(f"{what} in {store.root}", wanted, known)
    names = None
    for experiment in experiments or ():
        if experiment not in store.views():
            raise UnknownNameError(f"experiment in {store.root}", experiment, store.views())
        groups = store.view(experiment)["groups"].values()
        names = (names or set()) | {cell for group in groups for row in group["rows"] for cell in row["cells"]}
    return Wish(names, model, corpus, None if days is None else days * 86400)


def lines(found: Survey) -> list[str]:
    """What would go, rule by rule, with its size and what it costs later; then what is left alone."""
    from hsbench.results.cleaning import RULES

    said = []
    for rule, (what, cost) in RULES.items():
        of_rule = [one for one in found.removals if one.rule == rule]
        if of_rule:
            cells = len({one.folder.path for one in of_rule})
            files, size = sum(one.files for one in of_rule), sum(one.size for one in of_rule)
            said.append(f"{rule:<11}  {amount(size):>9}  {what}: {files} files of {cells} cells. Later: {cost}.")
    if said:
        said.append(f"{'together':<11}  {amount(sum(one.size for one in found.removals)):>9}")
    else:
        said.append("There is nothing to remove.")
    said += [f"{name} is being worked on and left alone." for name in found.running]
    said += [f"{path} leads out of the results folder and is left alone." for path in found.linked]
    return said


def _remove(found: Survey) -> None:
    from hsbench.results import cleaning

    freed = 0
    for one in found.removals:
        if cleaning.remove(one):
            freed += one.size
        else:
            print(f"{one.folder.path.name} is being worked on and left alone.")
    print(f"Freed {amount(freed)}.")


def amount(size: int) -> str:
    """Bytes for people, in decimal units."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"
