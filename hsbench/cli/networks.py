"""`hsbench networks list|show|verify`: the trained networks that this machine has."""

from __future__ import annotations

from typing import Annotated

import typer

from hsbench.cli import options

app = typer.Typer(help="List, describe or verify trained networks.", no_args_is_help=True)

Name = Annotated[
    str, typer.Argument(help="Beginning of the name of a network, or a file written by hsbench export.", metavar="NAME")
]


@app.command("list")
def list_(folders: options.Networks = None) -> None:
    """List the networks by name, with size, corpus, steps and scores. Nothing is downloaded."""
    from hsbench.api import library

    lines, damaged = library.listed(folders)
    for line in lines:
        print(line)
    if not lines:
        print("no networks; hsbench export CELL --into DIR writes one, and --networks DIR finds it")
    for problem in damaged:
        print(problem)


@app.command()
def show(name: Name, folders: options.Networks = None) -> None:
    """Show the card of a network: what it was trained on, how, by which code, its licences, and its scores."""
    from hsbench.api import library

    for key, value in library.facts(name, folders):
        print(f"{key}: {value}")


@app.command()
def verify(name: Name, folders: options.Networks = None, imports: options.Import = None) -> None:
    """Check that a network is whole, and that the clips on its card still have their scores. Exit code 1: they differ.

    Clips are rebuilt where this machine can open the corpus of the training in the same form; else exit code 3.
    """
    from hsbench.api import library
    from hsbench.api.registered import import_files
    from hsbench.errors import DriftError, IncompleteError

    import_files(imports)
    check = library.verify(name, folders)
    print(f"{check.name}: tensors whole, {check.same} scores the same")
    if check.different:
        raise DriftError(f"{check.name} does not give the scores on its card: {'; '.join(check.different)}")
    if check.reason:
        raise IncompleteError(f"no clip on the card of {check.name} could be rebuilt: {check.reason}")
