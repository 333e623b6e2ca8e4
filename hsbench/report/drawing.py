"""Tables of short texts for a terminal, drawn with rich to a number of columns.

Where a table is wider than the terminal, whole columns are left out before any text is wrapped, and nothing is ever cut
off: a table that is still too wide keeps its width, and the terminal wraps its lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.constrain import Constrain
from rich.table import Table
from rich.text import Text

from hsbench.report.names import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

GAP = 2
"""Columns between two columns of a table."""
NARROWEST = 24
"""Smallest width of the column that is wrapped; before it becomes narrower, other columns are left out."""


def listing(
    head: Sequence[str],
    lines: Sequence[Sequence[str]],
    width: int | None,
    *,
    wrapped: int,
    spare: Sequence[int] = (),
    right: Sequence[int] = (),
) -> RenderableType:
    """Return a table of texts, followed by the headings of the columns that were left out.

    Args:
        head: heading of each column.
        lines: texts of each line, as many as there are headings.
        width: columns of the terminal; None for a table as wide as its texts.
        wrapped: index of the column whose texts are wrapped where the table is too wide.
        spare: indices of the columns that may be left out, the first to go first.
        right: indices of the columns that are aligned on the right.
    """
    cells = [[one_line(text) for text in line] for line in [head, *lines]]
    natural = [max(len(line[column]) for line in cells) for column in range(len(head))]
    shown, least = list(range(len(head))), min(natural[wrapped], NARROWEST)
    for column in spare:
        if width is None or least + sum(natural[each] + GAP for each in shown if each != wrapped) <= width:
            break
        shown.remove(column)
    others = sum(natural[each] + GAP for each in shown if each != wrapped)
    natural[wrapped] = natural[wrapped] if width is None else max(least, min(natural[wrapped], width - others))
    table = empty_table()
    for column in shown:
        add_column(table, Text(cells[0][column]), natural[column], right=column in right)
    for line in cells[1:]:
        table.add_row(*(Text(line[column]) for column in shown))
    hidden = [cells[0][column] for column in range(len(head)) if column not in shown]
    return table if width is None or not hidden else Group(table, left_out(hidden, width))


def empty_table() -> Table:
    """Return a table without columns, whose columns will stand GAP apart."""
    # The box draws a rule below the headings, and one blank between two columns; the padding adds the rest of the gap.
    return Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, GAP - 1, 0, 0), header_style="bold")


def add_column(table: Table, head: Text, width: int, *, right: bool) -> None:
    """Add a column of a fixed width to a table.

    Args:
        table: the table, which is changed.
        head: heading, wrapped at blanks where it is too long.
        width: width in columns of the terminal.
        right: whether its texts are aligned on the right.
    """
    table.add_column(head, justify="right" if right else "left", width=width, overflow="fold", vertical="top")


def left_out(columns: Sequence[str], width: int) -> RenderableType:
    """Return a line that names the columns which a terminal has no room for."""
    return paragraph(f"No room for: {', '.join(columns)}; --wide shows everything.", width, "dim")


def paragraph(words: str, width: int, style: str = "") -> RenderableType:
    """Return a text that is wrapped to a number of columns.

    Args:
        words: the text, shown as it is.
        width: columns of the terminal.
        style: style of rich, such as "dim".
    """
    return Constrain(Text(words, style=style), width)
