"""Writing of the whole report: first the tables, then the pages of the clips with sound and spectrograms."""

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
    """Write the report of some views into a folder; return its size in bytes.

    Args:
        results: the results folder that holds the cells of the views.
        views: the views in the order shown.
        output: folder to write into: new, empty, or an earlier report.
        baselines: folder with published numbers that the user named, or None.
        audio: whether the report holds sound files; spectrograms are there in any case.
        tell: called after every clip page with the numbers of pages written and of all clip pages.

    Raises:
        UsageError: the folder holds something else.
        DataError: results or baselines are garbled.
    """
    groups = [read(results, view, baselines) for view in views]
    site = Site(output)
    pictures = {group.slug: figures.write(site, group, results) for group in groups}
    site.write("index.html", index.page(groups, pictures))
    site.write("cells.html", cells.page(groups))
    site.write("limits.html", documents.limits())
    site.write("differences.html", documents.differences_page())
    corpora = [(group, name, corpus) for group in groups for name, corpus in group.corpora.items()]
    for group, name, _ in corpora:
        for metric in group.table.metrics:
            site.write(group.scores_page(name, metric.name), scores.page(group, name, metric))
    sounds, written = Sounds(site, results, audio=audio), 0
    total = sum(len(corpus.clips) for *_, corpus in corpora)
    for group, name, corpus in corpora:
        for number, clip in enumerate(corpus.clips):
            site.write(group.clip_page(name, clip), clips.page(group, name, number, sounds))
            tell(written := written + 1, total)
    return site.finish()
