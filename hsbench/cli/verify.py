"""`hsbench verify`: check results that somebody else packed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hsbench.cli import options


def verify(
    file: Annotated[Path, typer.Argument(help="File that hsbench pack wrote.", metavar="FILE.hsr")],
    rescore: Annotated[bool, typer.Option("--rescore", help="Compute the scores of the packed sound again.")] = False,
    refit: Annotated[
        int, typer.Option(help="Number of clips, chosen at random, to fit again on this machine.", min=0, metavar="N")
    ] = 0,
    keep: Annotated[
        Path | None,
        typer.Option(help="Unpack into this new folder, which hsbench report and compare read.", metavar="DIR"),
    ] = None,
    imports: options.Import = None,
) -> None:
    """Check packed results: files, keys, records, originals, and on request scores and fits.

    Exit code 0: nothing is wrong; 1: something is; 3: a check that was asked for is not possible here.
    """
    from hsbench.api import packs
    from hsbench.api.registered import import_files
    from hsbench.errors import DriftError, IncompleteError

    import_files(imports)
    verification = packs.verify(
        file, rescore=rescore, refit=refit, keep=keep, progress=lambda line: print(line, file=sys.stderr)
    )
    for finding in verification.findings:
        print(f"{finding.check:10} {finding.verdict:12} {finding.detail}")
    print(f"SHA-256 {verification.digest}\n{file}: {verification.badge}")
    if wrong := verification.wrong:
        raise DriftError(f"{file} is not what it claims to be: {wrong[0].check}: {wrong[0].detail}")
    asked = {"scores": rescore, "refits": refit > 0}
    impossible = [f for f in verification.findings if f.verdict == packs.UNCHECKED and asked.get(f.check)]
    if impossible:
        raise IncompleteError(f"{impossible[0].check} of {file} could not be checked: {impossible[0].detail}")
