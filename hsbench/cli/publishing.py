"""`hsbench report --format html`: the folder, with progress, and what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hsbench.results.store import Results


def publish(
    store: Results, chosen: Sequence[tuple[str, str]], output: Path, baselines: Path | None, *, audio: bool
) -> None:
    """Write the HTML report of some groups and say how large it is."""
    from hsbench.cli.progress import metered
    from hsbench.report.html.write import write

    with metered("pages of clips") as tell:
        size = write(store, chosen, output, baselines, audio=audio, tell=tell)
    print(f"wrote {output / 'index.html'} ({size / 1e6:.1f} MB in all{'' if audio else ', without sound'})")
