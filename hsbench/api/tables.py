"""Results as tables: open a results folder in Python, and read the tables of its experiments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hsbench import protocols, registry
from hsbench.errors import IncompleteError
from hsbench.results import store

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from rich.console import RenderableType

    from hsbench.report.table import Table as ReportTable
    from hsbench.results.view import View


class Table:
    """The tables of an experiment from a results folder, one for each group of corpora, budget and protocol.

    Args:
        results: the results folder.
        views: the views to show, one for each group.
        baselines: folder with published numbers; None for those of the package.
    """

    def __init__(self, results: store.Results, views: Sequence[View], baselines: Path | None = None) -> None:
        self.views = tuple(views)
        self._results, self._baselines = results, baselines

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {', '.join(f'{view.experiment} ({view.group})' for view in self.views)}>"

    @property
    def groups(self) -> list[ReportTable]:
        """One report table for each group, with all means, intervals, notes and published values."""
        from hsbench.report.table import build

        return [build(view, self._results, self._baselines) for view in self.views]

    def frame(self) -> pd.DataFrame:
        """Return every score, one row per clip and metric.

        The columns are experiment, row, corpus, budget, protocol, seed, clip, speaker, sex, metric, version, value and
        status, and train_corpus where models learned from another corpus than the scored one.
        """
        from hsbench.report.long_table import gathered

        return gathered(self._results, self.views)

    def summary(self) -> pd.DataFrame:
        """Return one row per table row and metric: mean, 95 % bootstrap interval, and number of clips with a value.

        Further columns hold the published value, and whether it may be compared with the mean.
        """
        import io

        import pandas as pd

        from hsbench.report.summary_csv import summary_csv

        content = summary_csv(self.groups, name=str)  # no spreadsheet reads it, so names need no protection
        names = dict.fromkeys(("experiment", "row", "corpus"), str)
        return pd.read_csv(io.StringIO(content), keep_default_na=False, na_values=[""], dtype=names)

    def drawn(self, width: int | None = None) -> RenderableType:
        """Return the tables for a terminal, to be printed by a console of rich.

        Args:
            width: columns of the terminal; None shows everything, however wide.
        """
        from hsbench.report.form import PLAIN
        from hsbench.report.terminal import terminal

        return terminal(self.groups, PLAIN, width)

    def to_markdown(self) -> str:
        """Return the tables in Markdown, as `hsbench report` prints them."""
        from hsbench.report.markdown import markdown

        return markdown(self.groups)

    def to_latex(self) -> str:
        """Return the tables in LaTeX (booktabs)."""
        from hsbench.report.latex import latex

        return latex(self.groups)

    def _repr_html_(self) -> str:
        """Return the tables as HTML, for display in a notebook."""
        from markdown_it import MarkdownIt

        # Names of rows and speakers come from files: HTML in them must be shown as text and never be interpreted.
        return str(MarkdownIt("commonmark", {"html": False}).enable("table").render(self.to_markdown()))


class Results:
    """A results folder, opened for reading.

    Args:
        folder: results folder of `hsbench run` or `hsbench.run`.
        baselines: folder with published numbers; None for those of the package.
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
            experiment: registered name of the experiment.
            corpus: only results on this corpus; None for any corpus.
            budget: only results with this budget; None for any budget.
            protocol: only results with this protocol; None for any protocol.

        Raises:
            UnknownNameError: there is no such experiment or protocol.
            IncompleteError: this folder holds no matching results of the experiment.
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
        """Return every score of an experiment, one row per clip and metric.

        `Table.frame` documents the columns, `Results.table` the arguments.
        """
        return self.table(experiment, corpus, budget, protocol).frame()


def open_results(folder: str | Path = "results", baselines: str | Path | None = None) -> Results:
    """Open a results folder for reading.

    Args:
        folder: results folder of `hsbench run` or `hsbench.run`.
        baselines: folder with published numbers; None for those of the package.

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
    """Return the views of some experiments in a results folder, restricted to a corpus, budget and protocol.

    Args:
        results: the results folder.
        experiments: names of experiments; those that were not run have no views.
        corpus: only views with this corpus; None for any corpus.
        budget: only views with this budget; None for any budget.
        protocol: only views with this protocol; None for any protocol.

    Raises:
        UnknownNameError: an experiment is neither in the results nor registered, or there is no such protocol.
    """
    full = None if protocol is None else protocols.name(protocol)
    chosen = []
    for name in experiments:
        if name not in results.experiments():
            registry.experiment(name)  # raises for a name that does not exist
        for view in results.views(name).values():
            conditions = ((corpus, view.row_corpora()), (budget, (view.budget,)), (full, (view.protocol,)))
            if all(wanted is None or wanted in values for wanted, values in conditions):
                chosen.append(view)
    return chosen
