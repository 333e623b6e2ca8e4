"""Drift: results judged against a blessed baseline, and the blessing of one."""

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
    """What a check says.

    Attributes:
        experiment: name.
        lines: one for each row, metric and tier.
        circumstances: where packages and machines differ, a sentence each.
    """

    experiment: str
    lines: tuple[Line, ...]
    circumstances: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 for no drift, 1 for drift, 3 where no verdict is possible."""
        return verdicts.exit_code(self.lines)

    @property
    def summary(self) -> str:
        """How many lines have which verdict, the most severe first."""
        return rendering.summary(self.lines)

    @property
    def severe(self) -> str:
        """The same of the lines that decide the exit code."""
        severe = [line for line in self.lines if verdicts.EXIT[line.verdict] == self.exit_code]
        return rendering.summary(severe) if severe else "nothing was measured"

    def rendered(self, output_format: str) -> str:
        """Return the verdict as text, json, markdown or junit."""
        return rendering.FORMATS[output_format](self.experiment, self.lines, self.circumstances)

    def save(self, path: Path, output_format: str) -> None:
        """Write the verdict into a file."""
        replace_atomically(path, self.rendered(output_format).encode())


def check(experiment: str, results: Path, baselines: Path | None = None, rescore: int = 2) -> Verdict:
    """Judge results against a blessed baseline.

    Args:
        experiment: name of an experiment with a baseline.
        results: the results folder.
        baselines: folder with blessed baselines; None is ./baselines, else the packaged one.
        rescore: number of clips of each row whose stored audio is scored again.

    Raises:
        UnknownNameError: there is no such experiment.
        IncompleteError: nothing was blessed, or the experiment was not run into these results.
    """
    registry.experiment(experiment)
    place = baselines_folder(baselines, "blessed")
    blessed = baselines_store.read(place, experiment)
    if blessed is None:
        raise IncompleteError(
            f"nothing was blessed for {experiment} below {place}; in a checkout, run it and then: "
            f'hsbench bless {experiment} --reason "..."'
        )
    lines, circumstances = judged(Results(results), place, blessed, rescore)
    return Verdict(experiment, tuple(lines), tuple(circumstances))


class Blessing:
    """The blessing of one experiment, step by step: show what changes, rerun, write.

    Args:
        experiment: name of an experiment that was run completely.
        results: the results folder.
        reason: why the numbers are right; kept with them.
        reruns: number of reruns behind the noise floor.
        corpus: which group is meant, where there are several.
        budget: the same.
        protocol: the same.
        baselines: folder to write below; the checkout's own by default.

    Raises:
        UsageError: the reason is missing, there are too few reruns, this is no clean checkout, or several groups match.
        IncompleteError: nothing was run, a score is missing, or other code made the results.
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
        """Return what replaces the present baseline, in Markdown."""
        old = baselines_store.read(self.place, self.now.experiment)
        if old is None:
            return f"{self.now.experiment} has no baseline below {self.place} yet."
        lines = verdicts.judge(old.snapshot, self.now, old.floors)
        head = f"The baseline of {old.blessed['time']} ({old.blessed['reason']}) and what replaces it:\n"
        return f"{head}\n{rendering.markdown(self.now.experiment, lines, [])}"

    def write(self, display: Display, announce: Callable[[str], None]) -> Path:
        """Make every rerun, write the baseline, and return its folder.

        Args:
            display: makes what shows the progress of one rerun.
            announce: takes a line before each rerun.

        Raises:
            IncompleteError: a rerun did not get done.
        """
        scores: dict[Rerun, Scores] = {}
        for number, rerun in enumerate(blessing.chosen_reruns(self.view, self.reruns), start=1):
            announce(f"rerun {number} of {self.reruns}: seed {rerun.seed}, threads {rerun.threads}")
            with display() as listener:
                scores[rerun] = blessing.rerun_scores(self.results, self.view, self.now, rerun, listener)
        sounds = blessing.keep_sounds(self.results, self.view, self.place)
        return baselines_store.write(self.place, blessing.made_of(self.now, scores, sounds, self.reason))


def _checked(reason: str, reruns: int) -> str:
    """The reason without white space around it.

    Raises:
        UsageError: it is empty, or there are too few reruns.
    """
    if not reason.strip():
        raise UsageError('bless expects --reason "..." that says why these numbers are right, got none; give one.')
    if reruns < 2:
        raise UsageError(f"--reruns expects a number from 2, since noise is a spread; got {reruns}.")
    return reason.strip()


def _group(results: Results, experiment: str, corpus: str | None, budget: str | None, protocol: str | None) -> View:
    """The one group of the results that is meant.

    Raises:
        IncompleteError: there is none.
        UsageError: there are several.
    """
    views = matching(results, [experiment], corpus, budget, protocol)
    if not views:
        raise IncompleteError(f"{results.root} holds nothing of {experiment} to bless; run it first.")
    if len(views) > 1:
        groups = ", ".join(view.group for view in views)
        raise UsageError(f"{results.root} holds {groups}; choose with --corpus, --budget and --protocol.")
    return views[0]
