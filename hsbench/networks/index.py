"""The index of the networks that ship with hsbench: their SHA-256, size, key and licence, fixed in the code.

    python -m hsbench.networks.index      writes shipped/index.toml anew after a network was added

The networks were trained by the cells of the experiment `generalise` at the budget `quick`, on the corpus `demo`:

    hsbench run generalise -k "row~patch INR" --limit 8 --retrain --results R
    hsbench run generalise -k "row~COIN++ 2x" --limit 8 --retrain --results R
    hsbench export CELL --results R --into hsbench/networks/shipped --licence Apache-2.0
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from hsbench.files import replace_atomically, sha256_file
from hsbench.networks.card import SUFFIX, read
from hsbench.networks.library import SHIPPED

if TYPE_CHECKING:
    from pathlib import Path

INDEX = SHIPPED / "index.toml"


def index() -> dict[str, dict[str, Any]]:
    """Return name -> sha256 of the file, bytes, key of the cell and licence."""
    return tomllib.loads(INDEX.read_text(encoding="utf-8"))


def text(folder: Path) -> str:
    """Return the index of the networks of a folder, as TOML."""
    parts = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        network = read(path)
        lines = [
            f'["{path.stem}"]',
            f'sha256 = "{sha256_file(path)}"',
            f"bytes = {path.stat().st_size}",
            f'key = "{network.cell.key}"',
            f'licence = "{network.card.weights_licence}"',
        ]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    replace_atomically(INDEX, text(SHIPPED).encode())
