"""`hsbench export`: write the trained network of a cell to one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hsbench.cli import options


def export(
    cell: options.Cell,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to write, in the safetensors format.", metavar="FILE")
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(help="Folder to write into, under the name of the network, in place of -o.", metavar="DIR"),
    ] = None,
    licence: Annotated[str, typer.Option(help="Licence of the network, for its card.", metavar="TEXT")] = "",
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
) -> None:
    """Write the trained network of a cell to one file, which hsbench reconstruct reads on any machine."""
    from hsbench.api import networks
    from hsbench.api.registered import import_files
    from hsbench.errors import UsageError

    if (output is None) == (into is None):
        raise UsageError("export expects either -o FILE or --into DIR.")
    if output is not None:
        networks.check_output(output)
    elif into is not None and not into.is_dir():
        raise UsageError(f"--into expects an existing folder, got {into}.")
    import_files(imports)
    exported = networks.export(cell, output or into or Path(), results, licence)
    size = exported.path.stat().st_size / 1e6
    print(f"wrote {exported.path}: {exported.cell.folder}, network {exported.name}, {size:.1f} MB")
