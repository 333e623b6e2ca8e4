"""`hsbench export`: write the trained network of a cell to one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hsbench.cli import options


def export(
    cell: options.Cell,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="File to write, in the safetensors format.", metavar="FILE")
    ],
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
) -> None:
    """Write the trained network of a cell to one file, which hsbench reconstruct reads on any machine."""
    from hsbench.api import networks
    from hsbench.api.registered import import_files

    networks.check_output(output)
    import_files(imports)
    exported = networks.export(cell, output, results)
    print(f"wrote {output}: {exported.folder}, {output.stat().st_size / 1e6:.1f} MB")
