"""Where the HyperSound paper and its reference code part, as a page of Markdown.

docs/differences.md is made by: python -m hsbench.differences > docs/differences.md
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from hsbench import protocols

if TYPE_CHECKING:
    from hsbench.protocols import Difference

COMMAND = "python -m hsbench.differences > docs/differences.md"

HEAD = f"""\
<!-- Made from hsbench/protocols.toml by: {COMMAND} -->

# Where the paper and its code part

The left columns say what the text of the HyperSound paper (arXiv 2302.04959) states and what its reference code
(WUT-AI/hypersound at commit 1455c27) does; the right ones, what follows from the difference and what hsbench does about
it. Most points are settings or are done as the code does them. Where a protocol decides, the last column has the value
of the switch under each; [protocols.md](protocols.md) says what the three protocols are for.

{{count}} points, {{switches}} of them decided by a protocol.
"""

COLUMNS = ("item", "paper", "reference code", "what follows", "hsbench")


def markdown() -> str:
    """The whole page.

    Raises:
        DataError: the file of differences is missing or garbled.
    """
    every = protocols.differences()
    decided = sum(one.switch is not None for one in every)
    parts = [HEAD.format(count=len(every), switches=decided)]
    for area in protocols.AREAS:
        rows = [_row([*COLUMNS]), _row(["---"] * len(COLUMNS))]
        rows += [_row(cells(one)) for one in every if one.area == area]
        parts.append(f"## {area}\n\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def cells(one: Difference) -> list[str]:
    """The columns COLUMNS of a difference, Markdown."""
    return [one.item, one.paper, one.code, one.consequence or "-", " ".join([one.hsbench, *_decided(one)])]


def _decided(one: Difference) -> list[str]:
    """The switch and its value under each protocol, where there is a switch."""
    if one.switch is None:
        return []
    values = ", ".join(f"{protocol} {_shown(value)}" for protocol, value in one.values().items())
    return [f"**`{one.switch}`**: {values}."]


def _shown(value: Any) -> str:
    return "none" if value is None else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.stdout.write(markdown())
