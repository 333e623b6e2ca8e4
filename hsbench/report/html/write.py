"""Writes a report: tables first, then the pages of clips with their sound and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.report.html import cells, clips, documents, figures, index, scores
from hsbench.report.html.group import read
from hsbench.report.html.site import Site
from hsbench.report.html.sound import Sounds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hsbench.results.store import Results
    from hsbench.results.view import View


def write(
    results: Results,
    views: Sequence[View],
    output: Path,
    baselines: Path | None = None,
    *,
    audio: bool = True,
    tell: Callable[[float, float], None] = lambda _done, _total: None,
) -> int:
    """Write the report of some views into a folder; its size in bytes.

    Args:
        results: the results folder that holds the cells of the views.
        views: in the order shown.
        output: a folder that is new, empty, or a report already.
        baselines: folder with published numbers.
        audio: whether sound comes along.
        tell: takes how many clips are done, and of how many.

    Raises:
        UsageError: the folder is something else.
        DataError: results or baselines are garbled.
    """
    groups = [read(results, view, baselines) for view in views]
    site = Site(output)
    pictures = {group.slug: figures.write(site, group, results) for group in groups}
    site.write("index.html", index.page(groups, pictures))
    site.write("cells.html", cells.page(groups))
    site.write("limits.html", documents.limits())
    site.write("differences.html", documents.differences_page())
    places = [(group, name, corpus) for group in groups for name, corpus in group.corpora.items()]
    for group, name, _ in places:
        for metric in group.table.metrics:
            site.write(group.scores_page(name, metric.name), scores.page(group, name, metric))
    sounds, done = Sounds(site, results, audio=audio), 0
    total = sum(len(corpus.clips) for *_, corpus in places)
    for group, name, corpus in places:
        for number, clip in enumerate(corpus.clips):
            site.write(group.clip_page(name, clip), clips.page(group, name, number, sounds))
            tell(done := done + 1, total)
    return site.finish()
