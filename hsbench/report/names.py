"""Names of rows, clips, corpora and speakers in tables: on one line, not too long, and never a formula.

Such names come from files, plug-ins and other people's data, so they can hold line breaks, have hundreds of characters,
or begin like a formula of a spreadsheet.
"""

from __future__ import annotations

LONGEST = 60
"""Largest number of characters of a name in a table for readers; files of numbers hold the whole name."""

FORMULA = ("=", "+", "-", "@")
"""First characters by which a spreadsheet takes a cell of a CSV file for a formula, which it would execute."""


def one_line(words: str) -> str:
    """Return a text on one line: line breaks and other unprintable characters become spaces, runs of spaces one."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())


def short(name: str) -> str:
    """Return a name on one line with at most LONGEST characters.

    An ellipsis stands for the middle of a longer name, because names of one table often differ at the end only.
    """
    line = one_line(name)
    end = LONGEST // 3
    return line if len(line) <= LONGEST else f"{line[: LONGEST - end - 1]}…{line[-end:]}"


def in_csv(name: str) -> str:
    """Return a name as a cell of a CSV file that no spreadsheet executes.

    A name that begins like a formula, also after white space, gets an apostrophe before it: "'=1+1". Spreadsheets then
    show it as text. Numbers must not pass through here; a negative one begins with "-".
    """
    return f"'{name}" if name.lstrip().startswith(FORMULA) else name
