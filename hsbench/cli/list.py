"""`hsbench list`: what there is, from where, and whether it can run here."""

from __future__ import annotations

from typing import Annotated

import typer

from hsbench.cli.options import Import


def list_(
    kinds: Annotated[
        list[str] | None,
        typer.Argument(help="models, metrics, corpora, experiments; all by default.", metavar="[KIND]..."),
    ] = None,
    imports: Import = None,
) -> None:
    """List models, metrics, corpora and experiments."""
    from hsbench import registry

    for path in imports or ():
        registry.import_file(path)
    for kind in kinds or registry.KINDS:
        rows = [_row(registry.get(kind, name)) for name in registry.names(kind)]
        widths = [max(len(row[column]) for row in rows) for column in range(4)] if rows else []
        print(f"{kind}:")
        for row in rows:
            print("  " + "  ".join([*(cell.ljust(width) for cell, width in zip(row[:4], widths, strict=True)), row[4]]))


def _row(descriptor: object) -> tuple[str, str, str, str, str]:
    from hsbench.registry import Descriptor

    assert isinstance(descriptor, Descriptor)
    missing = descriptor.missing()
    available = f"needs {', '.join(missing)}" if missing else "available"
    return descriptor.name, f"v{descriptor.version}", descriptor.origin, available, descriptor.summary
