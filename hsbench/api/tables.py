"""What was run, as tables: a results folder opened from Python, and the tables of its experiments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hsbench import protocols, registry
from hsbench.errors import IncompleteError
from hsbench.results import store

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from hsbench.report.table import Table as ReportTable
    from hsbench.results.view import View


class Table:
    """The table of an experiment as it stands in a results folder, of every group of corpora, budget and protocol.

    Args:
        results: the results folder.
        views: the groups to show.
        baselines: folder with published numbers; the packaged one by default.
    """

    def __init__(self, results: store.Results, views: Sequence[View], baselines: Path | None = None) -> None:
        self.views = tuple(views)
        self._results, self._baselines = results, baselines

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {', '.join(f'{view.experiment} ({view.group})' for view in self.views)}>"

    @property
    def groups(self) -> list[ReportTable]:
        """One report table for each group, with every mean, interval, note and published value."""
        from hsbench.report.table import build

        return [build(view, self._results, self._baselines) for view in self.views]

    def frame(self) -> pd.DataFrame:
        """Return every score, one row per clip and metric.

        The columns are experiment, row, corpus, budget, protocol, seed, clip, speaker, sex, metric, version, value and
        status.
        """
        from hsbench.report.long_table import gathered

        return gathered(self._results, self.views)

    def summary(self) -> pd.DataFrame:
        """Return one row per table row and metric: mean, its 95 % bootstrap interval, and how many clips have a value.

        The published value stands in a column of its own, beside the verdict whether the two may be compared.
        """
        import io

        import pandas as pd

        from hsbench.report.summary_csv import summary_csv

        return pd.read_csv(io.StringIO(summary_csv(self.groups)), keep_default_na=False, na_values=[""])

    def to_markdown(self) -> str:
        """Return the tables in Markdown, as `hsbench report` prints them."""
        from hsbench.report.markdown import markdown

        return markdown(self.groups)

    def to_latex(self) -> str:
        """Return the tables in LaTeX (booktabs)."""
        from hsbench.report.latex import latex

        return latex(self.groups)

    def _repr_html_(self) -> str:
        """Return the tables as a notebook shows them."""
        from markdown_it import MarkdownIt

        # Names of rows and speakers come from files: raw HTML in them is shown as text and never interpreted.
        return str(MarkdownIt("commonmark", {"html": False}).enable("table").render(self.to_markdown()))


class Results:
    """A results folder, opened from Python; nothing is written.

    Args:
        folder: that `hsbench run` wrote into.
        baselines: folder with published numbers; the packaged one by default.
    """

    def __init__(self, folder: Path, baselines: Path | None = None) -> None:
        self._store, self._baselines = store.Results(folder), baselines

    def __repr__(self) -> str:
        return f"<Results {self._store.root}: {', '.join(self.experiments) or 'nothing was run'}>"

    @property
    def experiments(self) -> list[str]:
        """Names of the experiments that were run into this folder, sorted."""
        return self._store.experiments()

    def table(
        self, experiment: str, corpus: str | None = None, budget: str | None = None, protocol: str | None = None
    ) -> Table:
        """Return the table of an experiment.

        Args:
            experiment: registered name.
            corpus: only groups with this corpus.
            budget: only groups of this budget.
            protocol: only groups of this protocol.

        Raises:
            UnknownNameError: there is no such experiment.
            IncompleteError: nothing of it was run into this folder.
        """
        views = matching(self._store, [experiment], corpus, budget, protocol)
        if not views:
            raise IncompleteError(
                f"{self._store.root} holds nothing of {experiment} that matches; run it first, for instance: "
                f"hsbench.run({experiment!r})"
            )
        return Table(self._store, views, self._baselines)

    def frame(
        self, experiment: str, corpus: str | None = None, budget: str | None = None, protocol: str | None = None
    ) -> pd.DataFrame:
        """Return every score of an experiment, one row per clip and metric; see `Table.frame` and `Results.table`."""
        return self.table(experiment, corpus, budget, protocol).frame()


def open_results(folder: str | Path = "results", baselines: str | Path | None = None) -> Results:
    """Open a results folder.

    Args:
        folder: that `hsbench run` or `hsbench.run` wrote into.
        baselines: folder with published numbers; the packaged one by default.

    Example:
        >>> import hsbench, tempfile
        >>> folder = tempfile.mkdtemp()
        >>> study = hsbench.run("sanity", budget="smoke", limit=2, filters=["row~identity"], results=folder,
        ...                     progress=False)
        >>> results = hsbench.open_results(folder)
        >>> results.experiments
        ['sanity']
        >>> frame = results.frame("sanity")
        >>> sorted(frame[frame.metric == "mse"].value)
        [0.0, 0.0]
    """
    return Results(Path(folder), None if baselines is None else Path(baselines))


def matching(
    results: store.Results,
    experiments: Sequence[str],
    corpus: str | None = None,
    budget: str | None = None,
    protocol: str | None = None,
) -> list[View]:
    """Return the views of some experiments that are in a results folder and match; None matches any.

    Raises:
        UnknownNameError: an experiment is neither there nor registered, or there is no such protocol.
    """
    full = None if protocol is None else protocols.name(protocol)
    chosen = []
    for name in experiments:
        if name not in results.experiments():
            registry.experiment(name)
        for view in results.views(name).values():
            asked = ((corpus, view.row_corpora()), (budget, (view.budget,)), (full, (view.protocol,)))
            if all(value is None or value in there for value, there in asked):
                chosen.append(view)
    return chosen
