"""`hsbench pack`: write results into one file that others can check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hsbench.cli import options


def pack(
    results: Annotated[Path, typer.Argument(help="Results folder to pack.", metavar="RESULTS")],
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write, FILE.hsr.", metavar="FILE.hsr")],
    experiments: Annotated[
        list[str] | None,
        typer.Option(
            "--experiment", help="Pack only this experiment. Can be given several times. Default: all.", metavar="NAME"
        ),
    ] = None,
    imports: options.Import = None,
) -> None:
    """Write records, streams and the sound of eight clips per row into one file, for hsbench verify."""
    from hsbench.api import packs
    from hsbench.api.registered import import_files

    import_files(imports)
    digest, left_out = packs.pack(results, output, experiments)
    print(f"wrote {output}, SHA-256 {digest}")
    for sentence in left_out:
        print(f"left out: {sentence}")
    print(f"To check it: hsbench verify {output} --rescore --refit 4")
