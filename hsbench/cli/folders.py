"""Formats of `hsbench report` that fill a folder: figures, learning curves, TensorBoard events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.errors import IncompleteError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hsbench.results.store import Results

    Places = Sequence[tuple[str, str]]


def figures(store: Results, chosen: Places, output: Path, clip: str | None) -> None:
    """Write every figure of the chosen groups with figures.md, which holds their captions; say what was not drawn.

    Raises:
        UnknownNameError: no chosen group has the clip.
        IncompleteError: there was nothing to draw.
    """
    from hsbench.files import replace_atomically
    from hsbench.report import figures

    _check_clip(store, chosen, clip)
    page: list[str] = []
    for experiment, group in chosen:
        drawn, notes = figures.drawn(store.view(experiment)["groups"][group], store, clip)
        page.append(f"# {experiment}, {group}")
        for one in drawn:
            paths = figures.save(one, output, f"{experiment}--{group}")
            print("\n".join(f"wrote {path}" for path in paths))
            page.append(f"## {one.title}\n\n![{one.title}]({paths[0].name})\n\n{one.caption}")
        for note in notes:
            print(f"not drawn, {experiment}, {group}: {note}")
        page += [f"Not drawn: {note}" for note in notes]
    if not any(part.startswith("## ") for part in page):
        raise IncompleteError("there is nothing to draw yet; run the experiments, or choose others.")
    replace_atomically(output / "figures.md", ("\n\n".join(page) + "\n").encode())
    print(f"wrote {output / 'figures.md'}")


def _check_clip(store: Results, chosen: Places, clip: str | None) -> None:
    grounds = (
        ground for experiment, group in chosen for ground in store.view(experiment)["groups"][group]["corpora"].values()
    )
    known = {one for ground in grounds for one in ground["clips"]}
    if clip is not None and clip not in known:
        raise UnknownNameError("clip", clip, known)


def curves(store: Results, chosen: Places, output: Path) -> None:
    """Write the learning curves of the chosen groups as PNG and PDF.

    Raises:
        IncompleteError: a group has none.
    """
    from hsbench.report import figures
    from hsbench.report.figures import curves

    for experiment, group in chosen:
        request = store.view(experiment)["groups"][group]
        for path in figures.save(curves.drawn(request, store), output, f"{experiment}--{group}"):
            print(f"wrote {path}")


def tensorboard(store: Results, chosen: Places, output: Path) -> None:
    """Write TensorBoard event files of the chosen groups.

    Raises:
        IncompleteError: a group has no learning curve.
        BackendMissingError: the package tensorboard is not installed.
    """
    from hsbench.report.events import save_events

    for experiment, group in chosen:
        for path in save_events(store.view(experiment)["groups"][group], store, output, f"{experiment}--{group}"):
            print(f"wrote {path}")
