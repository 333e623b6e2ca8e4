"""A Markdown page of the points where the HyperSound paper and its reference code differ.

Write docs/differences.md with: python -m hsbench.differences > docs/differences.md
"""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING, Any

from hsbench import protocols

if TYPE_CHECKING:
    from hsbench.protocols import Difference

COMMAND = "python -m hsbench.differences > docs/differences.md"
COLUMNS = ("item", "paper", "reference code", "what follows", "hsbench")
"""Headings of the texts that `cells` returns."""
WIDTH = 100
"""Largest number of characters in a line of the page."""

HEAD = f"""\
<!-- Generated from hsbench/protocols.toml: {COMMAND} -->

# Differences between the paper and its code

This page is good for anybody who compares numbers of hsbench with the HyperSound paper (arXiv 2302.04959), or who wants
to reproduce the paper. Each point below says what the text of the paper states, what its reference code
(WUT-AI/hypersound at commit 1455c27) does, which effect the difference has, and what hsbench does. hsbench does most
points as the code does them, or has a setting for them. Where the choice depends on the protocol, the last item gives
the value of the switch under each protocol, which [protocols.md](protocols.md) explains.

The page lists {{count}} points; the protocol decides {{switches}} of them.
"""


def markdown() -> str:
    """Return the whole page.

    Raises:
        DataError: protocols.toml is missing or malformed.
    """
    differences = protocols.differences()
    switches = sum(difference.switch is not None for difference in differences)
    paragraphs = HEAD.format(count=len(differences), switches=switches).strip().split("\n\n")
    blocks = [_wrapped(paragraph) for paragraph in paragraphs]
    for area in protocols.AREAS:
        blocks.append(f"## {area}")
        blocks += [section(difference) for difference in differences if difference.area == area]
    return "\n\n".join(blocks) + "\n"


def cells(difference: Difference) -> list[str]:
    """Return one Markdown text for each of COLUMNS, for a table that has a row per difference."""
    effect, switch = difference.consequence or "-", _switch(difference)
    hsbench = f"{difference.hsbench} **`{difference.switch}`**: {switch}." if switch else difference.hsbench
    return [difference.item, difference.paper, difference.code, effect, hsbench]


def section(difference: Difference) -> str:
    """Return the heading and the list of one difference, Markdown."""
    items = {
        "Paper": difference.paper,
        "Reference code": difference.code,
        "Effect": difference.consequence,
        "hsbench": difference.hsbench,
    }
    if switch := _switch(difference):
        items[f"Switch `{difference.switch}`"] = switch
    heading = f"### {difference.item[0].upper()}{difference.item[1:]}"
    lines = [_wrapped(f"- **{label}:** {text}", "  ") for label, text in items.items() if text]
    return "\n".join([heading, "", *lines])


def _switch(difference: Difference) -> str:
    """Return the value of the difference's switch under each protocol, "" where it has no switch."""
    if difference.switch is None:
        return ""
    return ", ".join(f"{protocol} {_shown(value)}" for protocol, value in difference.values().items())


def _wrapped(text: str, indent: str = "") -> str:
    """Break a paragraph into lines of at most WIDTH characters; a heading or a comment stays as it is."""
    if text.startswith(("#", "<!--")):
        return text
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _shown(value: Any) -> str:
    """Return the value of a switch as the page shows it, with `true` and `false` as in TOML."""
    return "none" if value is None else f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    sys.stdout.write(markdown())
