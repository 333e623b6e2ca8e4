"""`hsbench list`: show registered models, metrics, corpora and experiments, and whether each can run here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hsbench.cli import options, screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.api.registered import Descriptor


def list_(
    kinds: Annotated[
        list[str] | None,
        typer.Argument(
            help="What to list: models, metrics, corpora or experiments. Default: all four.", metavar="[KIND]..."
        ),
    ] = None,
    imports: options.Import = None,
    wide: options.Wide = False,
) -> None:
    """List models, metrics, corpora and experiments, with version, origin, availability and a summary."""
    from hsbench.api import registered

    registered.import_files(imports)
    for kind in kinds or registered.KINDS:
        rows = [_row(descriptor) for descriptor in registered.descriptors(kind)]
        if screen.interactive() or wide:
            _draw(kind, rows, screen.width(wide=wide))
            continue
        widths = [max(len(row[column]) for row in rows) for column in range(4)] if rows else []
        print(f"{kind}:")
        for row in rows:
            print("  " + "  ".join([*(cell.ljust(width) for cell, width in zip(row[:4], widths, strict=True)), row[4]]))


def _draw(kind: str, rows: Sequence[Sequence[str]], columns: int | None) -> None:
    """Print the table of one kind, drawn to a number of columns."""
    from hsbench.api.drawing import listing

    head = (kind, "version", "from", "state", "summary")
    screen.show(listing(head, rows, columns, wrapped=4, spare=(2, 1)), columns)
    print()


def _row(descriptor: Descriptor) -> tuple[str, str, str, str, str]:
    """Return name, version, origin, availability and summary."""
    missing = descriptor.missing()
    available = f"needs {', '.join(missing)}" if missing else "available"
    return descriptor.name, f"v{descriptor.version}", descriptor.origin, available, descriptor.summary
