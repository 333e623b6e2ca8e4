"""Drift: compare results with a blessed baseline, and bless results as a new baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.analysis.published import baselines_folder
from hsbench.api.tables import matching
from hsbench.drift import baseline as baselines_store
from hsbench.drift import bless as blessing
from hsbench.drift import prerequisites, verdicts
from hsbench.drift.check import judged
from hsbench.drift.snapshot import snapshot
from hsbench.errors import IncompleteError, UsageError
from hsbench.files import replace_atomically
from hsbench.report import drift as rendering
from hsbench.results.store import Results

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rich.console import RenderableType

    from hsbench.drift.noise import Scores
    from hsbench.drift.reruns import Rerun
    from hsbench.drift.snapshot import Snapshot
    from hsbench.drift.verdicts import Line
    from hsbench.execution.engines.base import Listener
    from hsbench.results.view import View

    Display = Callable[[], AbstractContextManager[Listener]]

FORMATS = tuple(rendering.FORMATS)


@dataclass(frozen=True)
class Verdict:
    """Result of comparing an experiment with its baseline.

    Attributes:
        experiment: name of the experiment.
        lines: one verdict for each row, metric and kind of evidence (scores, learning curves, stored audio).
        circumstances: one sentence for each difference of packages or machines between baseline and results.
    """

    experiment: str
    lines: tuple[Line, ...]
    circumstances: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """Exit code of `hsbench check`: 0 for no drift, 1 for drift, 3 if no verdict is possible."""
        return verdicts.exit_code(self.lines)

    @property
    def summary(self) -> str:
        """Number of lines with each verdict, the most severe verdict first."""
        return rendering.summary(self.lines)

    @property
    def nothing_worse_than_incomparable(self) -> bool:
        """Whether every line is `same` or `incomparable`, and at least one is `same`."""
        return {line.verdict for line in self.lines} in ({"same"}, {"same", "incomparable"})

    @property
    def severe(self) -> str:
        """Number of lines with each verdict whose exit code is not 0, the most severe verdict first."""
        severe = [line for line in self.lines if verdicts.EXIT[line.verdict]]
        return rendering.summary(severe) if severe else "nothing was measured"

    def rendered(self, output_format: str) -> str:
        """Return the verdict in one of FORMATS."""
        return rendering.FORMATS[output_format](self.experiment, self.lines, self.circumstances)

    def drawn(self, width: int | None = None) -> RenderableType:
        """Return the verdict for a terminal, to be printed by a console of rich.

        Args:
            width: columns of the terminal; None shows everything, however wide.
        """
        return rendering.terminal(self.experiment, self.lines, self.circumstances, width)

    def save(self, path: Path, output_format: str) -> None:
        """Write the verdict to a file, in one of FORMATS."""
        replace_atomically(path, self.rendered(output_format).encode())


def check(experiment: str, results: Path, baselines: Path | None = None, rescore: int = 2) -> Verdict:
    """Compare the results of an experiment with its blessed baseline.

    Args:
        experiment: name of an experiment that has a baseline.
        results: the results folder.
        baselines: folder with blessed baselines; None for ./baselines if there is one, else those of the package.
        rescore: number of clips per row whose stored audio is scored again.

    Raises:
        UnknownNameError: there is no such experiment.
        IncompleteError: the experiment has no baseline, or was not run into these results.
    """
    registry.experiment(experiment)
    place = baselines_folder(baselines, "blessed")
    blessed = baselines_store.read(place, experiment)
    if blessed is None:
        raise IncompleteError(
            f"nothing was blessed for {experiment} below {place}; in a checkout, run it and then: "
            f'hsbench bless {experiment} --reason "..."'
        )
    store = Results(results)
    lines, circumstances = judged(store, place, blessed, rescore)
    circumstances += store.problems([store.views(experiment)[blessed.snapshot.group]])
    return Verdict(experiment, tuple(lines), tuple(circumstances))


class Blessing:
    """Accepts the results of an experiment as its new baseline: show the changes, measure the noise, write.

    The noise floor of the baseline is measured by reruns with other seeds and thread counts, and by one rerun with the
    first seed for each older instruction set that the processor can be limited to.

    Args:
        experiment: name of an experiment that was run completely.
        results: the results folder.
        reason: why the new numbers are right; stored with the baseline.
        reruns: number of reruns with other seeds and thread counts, at least 2.
        corpus: corpus of the results to bless; needed if the experiment was run on several.
        budget: budget of the results to bless; needed if the experiment was run with several.
        protocol: protocol of the results to bless; needed if the experiment was run with several.
        baselines: folder of baselines to write into; None for the one of this checkout.

    Raises:
        UsageError: the reason is missing, there are too few reruns, the code is not a checkout without local changes,
            or several groups of results match.
        IncompleteError: nothing was run, a score is missing, or the results were computed with other code.
    """

    def __init__(
        self,
        experiment: str,
        results: Path,
        reason: str,
        reruns: int,
        corpus: str | None = None,
        budget: str | None = None,
        protocol: str | None = None,
        baselines: Path | None = None,
    ) -> None:
        self.reason, self.reruns = _checked(reason, reruns), reruns
        root = prerequisites.checkout()
        self.results = Results(results)
        self.view = _group(self.results, experiment, corpus, budget, protocol)
        prerequisites.require_complete(self.results, self.view)
        self.place = baselines or root / "baselines"
        self.now: Snapshot = snapshot(self.results, self.view)

    def changes(self) -> str:
        """Return a comparison of the present baseline with the new numbers, in Markdown."""
        old = baselines_store.read(self.place, self.now.experiment)
        if old is None:
            return f"{self.now.experiment} has no baseline below {self.place} yet."
        lines = verdicts.judge(old.snapshot, self.now, old.floors)
        head = f"The baseline of {old.blessed['time']} ({old.blessed['reason']}) and what replaces it:\n"
        return f"{head}\n{rendering.markdown(self.now.experiment, lines, [])}"

    def write(self, display: Display, announce: Callable[[str], None]) -> Path:
        """Compute every rerun, write the baseline, and return its folder.

        Args:
            display: returns a new progress display for each rerun.
            announce: called with one line of text before each rerun.

        Raises:
            IncompleteError: a rerun could not be completed.
        """
        scores: dict[Rerun, Scores] = {}
        reruns = blessing.chosen_reruns(self.view, self.reruns)
        for number, rerun in enumerate(reruns, start=1):
            announce(f"rerun {number} of {len(reruns)}: {rerun}")
            with display() as listener:
                scores[rerun] = blessing.rerun_scores(self.results, self.view, self.now, rerun, listener)
        sounds = blessing.keep_sounds(self.results, self.view, self.place)
        return baselines_store.write(self.place, blessing.made_of(self.now, scores, sounds, self.reason))


def _checked(reason: str, reruns: int) -> str:
    """Return the reason without surrounding white space.

    Raises:
        UsageError: the reason is empty, or there are too few reruns.
    """
    if not reason.strip():
        raise UsageError('bless expects --reason "..." that says why these numbers are right, got none; give one.')
    if reruns < 2:
        raise UsageError(f"--reruns expects a number from 2, since noise is a spread; got {reruns}.")
    return reason.strip()


def _group(results: Results, experiment: str, corpus: str | None, budget: str | None, protocol: str | None) -> View:
    """Return the view of the one group of results to bless.

    Raises:
        IncompleteError: no group of results matches.
        UsageError: several groups of results match.
    """
    views = matching(results, [experiment], corpus, budget, protocol)
    if not views:
        raise IncompleteError(f"{results.root} holds nothing of {experiment} to bless; run it first.")
    if len(views) > 1:
        groups = ", ".join(view.group for view in views)
        raise UsageError(
            f"{results.root} holds {groups}; choose with --corpus, --budget and --protocol, or run the one to bless "
            "into a folder of its own."
        )
    return views[0]
