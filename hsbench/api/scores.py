"""Scoring reconstructions that were made anywhere: arrays, files, or folders of files matched by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench import registry
from hsbench.audio.io import read_mono
from hsbench.audio.matching import match
from hsbench.errors import DataError, UsageError
from hsbench.metrics.suite import Scorer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from hsbench.metrics.base import Score

    Sound = ArrayLike | str | Path
    Pair = tuple[str, Path, Path]
    Progress = Callable[[float, float], None]


class Scores(Mapping[str, "Score"]):
    """The scores of one pair: metric name -> Score(value, status).

    A metric without a value has the value None and a status that says why, such as "target_silent".
    """

    def __init__(self, scores: Mapping[str, Score]) -> None:
        self._scores = dict(scores)

    def __getitem__(self, name: str) -> Score:
        return self._scores[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._scores)

    def __len__(self) -> int:
        return len(self._scores)

    def __repr__(self) -> str:
        shown = (f"{name}={one.status if one.value is None else f'{one.value:.6g}'}" for name, one in self.items())
        return f"<Scores {', '.join(shown)}>"

    @property
    def values(self) -> dict[str, float | None]:  # type: ignore[override]  # numbers are what users want here
        """Metric name -> value, None where there is none."""
        return {name: score.value for name, score in self._scores.items()}

    def to_frame(self) -> pd.DataFrame:
        """Return a table with one row per metric: columns value, status and seconds."""
        import pandas as pd

        rows = {name: (one.value, one.status, one.seconds) for name, one in self._scores.items()}
        return pd.DataFrame.from_dict(rows, orient="index", columns=["value", "status", "seconds"]).rename_axis(
            "metric"
        )


def score(
    reference: Sound, estimate: Sound, sample_rate: int | None = None, metrics: Iterable[str] | None = None
) -> Scores:
    """Score an estimate against its reference.

    Args:
        reference: the original: an array [samples] of floats, full scale +-1, or the path of a mono audio file.
        estimate: the reconstruction, in the same form and as long.
        sample_rate: of arrays, in Hz; files know theirs. A metric that is defined at another rate resamples.
        metrics: registered names; None takes all of them.

    Returns:
        Metric name -> Score: a value with the status "ok", or None with the reason.

    Raises:
        UnknownNameError: no metric has that name.
        UsageError: an array holds whole numbers or several channels, the sample rate is missing, or two files differ
            in sample rate.
        DataError: a file cannot be read, or has several channels.

    Example:
        >>> import numpy as np, hsbench
        >>> time = np.arange(22050) / 22050
        >>> tone = np.sin(2 * np.pi * 440 * time)
        >>> scores = hsbench.score(tone, 0.5 * tone, sample_rate=22050, metrics=["mse", "si_snr"])
        >>> round(scores["mse"].value, 3)
        0.125
        >>> scores.values["si_snr"] > 60  # the scale of the estimate does not matter
        True
        >>> hsbench.score(np.zeros(22050), tone, 22050, ["si_snr"])["si_snr"].status
        'target_silent'
    """
    names = registry.names("metrics") if metrics is None else list(metrics)
    (x, own), (y, other) = _opened("reference", reference), _opened("estimate", estimate)
    rates = {rate for rate in (own, other, sample_rate) if rate is not None}
    if not rates:
        raise UsageError("score expects the sample rate of arrays in Hz, got none; add sample_rate=22050, for example.")
    if len(rates) > 1:
        raise UsageError(
            f"score expects reference and estimate at one sample rate, got {' and '.join(map(str, sorted(rates)))} Hz; "
            "resample one of them."
        )
    with Scorer(rates.pop()) as scorer:
        ((_, scores),) = scorer.score([("", x, y, names)])
    return Scores(scores)


def _opened(what: str, sound: Sound) -> tuple[NDArray[np.floating], int | None]:
    """A sound as an array [samples], and its rate [Hz] where a file states it.

    Raises:
        UsageError: an array holds no floating-point numbers, or has several dimensions.
    """
    if isinstance(sound, str | Path):
        return read_mono(Path(sound))
    array = np.asarray(sound)
    if array.dtype.kind != "f":
        raise UsageError(
            f"the {what} should hold floating-point samples, full scale +-1, got {array.dtype}; "
            "divide whole numbers by their full scale, 32768 for 16 bits."
        )
    if array.ndim != 1:
        raise UsageError(f"the {what} should have the shape [samples], got {list(array.shape)}; give one channel.")
    return array, None


@dataclass(frozen=True)
class PairScores:
    """The scores of pairs of files.

    Attributes:
        scores: pair -> metric -> score, of the pairs that could be read, sorted by name.
        metrics: names, in the order asked for.
        pairs: number of pairs that were found.
        problems: a sentence for each file that was not scored.
    """

    scores: Mapping[str, Mapping[str, Score]]
    metrics: tuple[str, ...]
    pairs: int
    problems: tuple[str, ...]

    def summary(self, aggregate: str = "mean") -> dict[str, dict[str, Any]]:
        """Return metric -> mean over pairs with its 95 % bootstrap interval, and how many pairs have a value.

        Args:
            aggregate: "mean", or "paper" for the mean of the means of batches of 16, which has no interval.
        """
        from hsbench.analysis import stats

        summaries = {}
        for name in self.metrics:
            column = np.array([[_or_nan(one[name].value) for one in self.scores.values()]])
            ours = stats.summarise(column)
            paper = aggregate == "paper"
            summaries[name] = {
                "aggregate": aggregate,
                "mean": stats.paper_mean(column[0]) if paper else ours.mean,
                "ci_low": None if paper else ours.low,
                "ci_high": None if paper else ours.high,
                "n": ours.n,
                "n_total": self.pairs,
            }
        return summaries


def score_files(
    reference: Path,
    estimate: Path,
    metrics: Sequence[str] | None = None,
    device: str = "cpu",
    jobs: int | None = None,
    progress: Progress | None = None,
) -> PairScores:
    """Score two files, or all files of two folders that have the same name.

    Args:
        reference: file or folder of originals.
        estimate: file or folder of reconstructions.
        metrics: registered names; None takes all of them.
        device: where learned metrics run: auto, cpu or cuda.
        jobs: number of processes for metrics that hold the interpreter's lock; None is one per core.
        progress: takes (done, total) pairs.

    Raises:
        UnknownNameError: no such metric or device.
        UsageError: a path does not exist, or one is a file and the other a folder.
    """
    from hsbench.planning.resources import choose

    names = registry.names("metrics") if metrics is None else [registry.metric(name).name for name in metrics]
    resources = choose(device, jobs or 1)
    matched = match(reference, estimate)
    problems = list(matched.problems)
    workers = (jobs or resources.threads) if len(matched.pairs) >= 32 else 0
    scores: dict[str, Mapping[str, Score]] = {}
    for rate, pairs in _by_rate(matched.pairs, problems).items():
        with Scorer(rate, resources.device, workers) as scorer:
            for number, (name, made) in enumerate(scorer.score(_signals(pairs, names, problems)), start=1):
                scores[name] = made
                if progress is not None:
                    progress(number, len(pairs))
    return PairScores(dict(sorted(scores.items())), tuple(names), len(matched.pairs), tuple(problems))


def rendered(made: PairScores, output_format: str, aggregate: str) -> str:
    """Return the scores of pairs as text.

    Args:
        made: the scores.
        output_format: table, json or csv.
        aggregate: mean, or paper for the means of the published evaluation.
    """
    from hsbench.report import pair_scores

    if output_format == "csv":
        return pair_scores.as_csv(made.scores)
    summary = made.summary(aggregate) if made.scores else {}
    if output_format == "json":
        return pair_scores.as_json(made.scores, summary, made.problems)
    return pair_scores.table(made.scores, summary)


def _by_rate(pairs: Sequence[Pair], problems: list[str]) -> dict[int, list[Pair]]:
    """Sample rate [Hz] -> pairs; a pair that cannot be scored adds a sentence to the problems."""
    rates: dict[int, list[Pair]] = {}
    for pair in pairs:
        rate = _common_rate(pair[1], pair[2], problems)
        if rate is not None:
            rates.setdefault(rate, []).append(pair)
    return rates


def _common_rate(x: Path, y: Path, problems: list[str]) -> int | None:
    import soundfile

    facts = []
    for path in (x, y):
        try:
            facts.append(soundfile.info(path))
        except (soundfile.LibsndfileError, OSError) as error:
            problems.append(f"{path}: cannot be read ({error})")
            return None
    first, second = facts
    for what, unit in (("samplerate", "Hz"), ("frames", "samples")):
        if getattr(first, what) != getattr(second, what):
            problems.append(f"{y}: {getattr(second, what)} {unit}, its reference has {getattr(first, what)}")
            return None
    return int(first.samplerate)


def _signals(
    pairs: Sequence[Pair], names: Sequence[str], problems: list[str]
) -> Iterator[tuple[str, NDArray[np.float32], NDArray[np.float32], Sequence[str]]]:
    for name, x, y in pairs:
        try:
            yield name, read_mono(x)[0], read_mono(y)[0], names
        except DataError as error:
            problems.append(str(error))


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value
