"""The terminal: whether there is one, how wide it is, and printing what is drawn for it."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

READABLE = 100
"""Largest number of columns of a paragraph."""
UNLIMITED = 10_000
"""Width of a page that is as wide as its tables; the terminal wraps its lines."""


def interactive() -> bool:
    """Return whether standard output is a terminal."""
    return sys.stdout.isatty()


def chosen(output_format: str | None, *, wide: bool) -> str:
    """Return the format of tables: the named one, or text for a terminal and for --wide, and Markdown elsewhere."""
    return output_format or ("text" if wide or interactive() else "markdown")


def width(*, wide: bool) -> int | None:
    """Return the number of columns to draw to; None, for as many as needed, if everything is to be shown."""
    return None if wide else shutil.get_terminal_size().columns


def show(page: RenderableType, columns: int | None) -> None:
    """Print a page on standard output; styles are used on a terminal only.

    Args:
        page: what is to be printed.
        columns: width of the page, as `width` returned it.
    """
    from rich.console import Console

    # A page holds names of files and people, in which nothing may be taken for markup or be coloured as a number.
    console = Console(width=columns or UNLIMITED, highlight=False, markup=False, emoji=False)
    console.print(page)


def say(sentence: str) -> None:
    """Print a sentence as an item of a list, wrapped to the terminal or to READABLE columns."""
    import textwrap

    columns = min(READABLE, shutil.get_terminal_size().columns) if interactive() else READABLE
    print(textwrap.fill(sentence, columns, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False))
