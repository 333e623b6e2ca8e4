"""Score reconstructions from any source: arrays, files, or folders of files that are paired by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hsbench import registry
from hsbench.audio.io import read_mono
from hsbench.audio.matching import match
from hsbench.audio.scorable import too_loud, unusable_rate
from hsbench.errors import DataError, UsageError
from hsbench.metrics.base import info
from hsbench.metrics.suite import Scorer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from hsbench.metrics.base import Score

    Sound = ArrayLike | str | Path
    Pair = tuple[str, Path, Path]
    Progress = Callable[[float, float], None]


MANY_PAIRS = 32
"""Minimum number of pairs for which it pays to start one process for each core."""


class Scores(Mapping[str, "Score"]):
    """The scores of an estimate: a mapping from metric name to Score(value, status).

    A metric that is undefined for the pair has the value None and a status with the reason, such as "target_silent".
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
        shown = (
            f"{name}={score.status if score.value is None else f'{score.value:.6g}'}" for name, score in self.items()
        )
        return f"<Scores {', '.join(shown)}>"

    @property
    def values(self) -> dict[str, float | None]:  # type: ignore[override]  # numbers are what users want here
        """Metric name -> value; None where the metric is undefined."""
        return {name: score.value for name, score in self._scores.items()}

    def to_frame(self) -> pd.DataFrame:
        """Return a table with one row per metric: columns value, status and seconds."""
        import pandas as pd

        rows = {name: (score.value, score.status, score.seconds) for name, score in self._scores.items()}
        return pd.DataFrame.from_dict(rows, orient="index", columns=["value", "status", "seconds"]).rename_axis(
            "metric"
        )


def score(
    reference: Sound, estimate: Sound, sample_rate: int | None = None, metrics: Iterable[str] | None = None
) -> Scores:
    """Score an estimate against its reference.

    Args:
        reference: the original: an array [samples], float, full scale +-1, or the path of a mono audio file.
        estimate: the reconstruction, as an array or a path, with as many samples as the reference.
        sample_rate: sample rate of arrays [Hz]; audio files state their own. A metric that is defined at another rate
            resamples both signals.
        metrics: registered names of the metrics; None for all of them.

    Returns:
        Metric name -> Score: a value with the status "ok", or None with a status that states the reason.

    Raises:
        UnknownNameError: there is no such metric.
        UsageError: an array holds integers or several channels, the reference has a peak above 2, the sample rate is
            missing or unusable, or two sample rates differ.
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
    x, reference_rate = _opened("reference", reference)
    y, estimate_rate = _opened("estimate", estimate)
    rates = {rate for rate in (reference_rate, estimate_rate, sample_rate) if rate is not None}
    if not rates:
        raise UsageError("score expects the sample rate of arrays in Hz, got none; add sample_rate=22050, for example.")
    if len(rates) > 1:
        raise UsageError(
            f"score expects reference and estimate at one sample rate, got {' and '.join(map(str, sorted(rates)))} Hz; "
            "resample one of them."
        )
    rate = rates.pop()
    with Scorer(rate) as scorer:
        for reason in (_unusable(rate, names), too_loud("the reference", x)):
            if reason is not None:
                raise UsageError(reason)
        ((_, scores),) = scorer.score([("", x, y, names)])
    return Scores(scores)


def _opened(what: str, sound: Sound) -> tuple[NDArray[np.floating], int | None]:
    """Return a sound as an array [samples], and the sample rate [Hz] of its file; None for an array.

    Raises:
        UsageError: an array does not hold floating-point numbers, or has several dimensions.
        DataError: a file cannot be read, or has several channels.
    """
    if isinstance(sound, str | Path):
        if Path(sound).exists() and not Path(sound).is_file():
            raise DataError(f"the {what} should be an audio file, and {sound} is no regular file; give another path.")
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


def _unusable(rate: int, names: Iterable[str]) -> str | None:
    """Return why sound of a sample rate [Hz] cannot be scored by some metrics, as a sentence, or None."""
    return unusable_rate(rate, [info(name).sample_rate for name in names])


@dataclass(frozen=True)
class PairScores:
    """The scores of pairs of files, each an original and its reconstruction.

    Attributes:
        scores: name of the pair -> metric -> score, sorted by name; only pairs that could be read.
        metrics: names of the metrics, in the requested order.
        pairs: number of pairs, including those that could not be read.
        problems: one sentence for each file that was not scored.
    """

    scores: Mapping[str, Mapping[str, Score]]
    metrics: tuple[str, ...]
    pairs: int
    problems: tuple[str, ...]

    @property
    def scored(self) -> int:
        """Number of pairs that have a value in at least one metric."""
        return sum(any(score.value is not None for score in row.values()) for row in self.scores.values())

    def summary(self, aggregate: str = "mean") -> dict[str, dict[str, Any]]:
        """Return the mean of each metric over pairs, its 95 % bootstrap interval, and the number of pairs with a value.

        "n" is the number of pairs that the mean covers, "left_out" the number of pairs without a value, and "n_total"
        the number of all pairs, including those that could not be read.

        Args:
            aggregate: "mean", or "paper" for the mean over the means of batches of 16 pairs, which has no interval.
        """
        from hsbench.analysis import stats

        summaries = {}
        for name in self.metrics:
            column = np.array([[_or_nan(scores[name].value) for scores in self.scores.values()]])
            ours = stats.summarise(column)
            paper = aggregate == "paper"
            summaries[name] = {
                "aggregate": aggregate,
                "mean": stats.paper_mean(column[0]) if paper else ours.mean,
                "ci_low": None if paper else ours.low,
                "ci_high": None if paper else ours.high,
                "n": ours.n,
                "left_out": self.pairs - ours.n,
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
        reference: original file, or folder of originals.
        estimate: reconstructed file, or folder of reconstructions.
        metrics: registered names of the metrics; None for all of them.
        device: device of learned metrics: "auto", "cpu" or "cuda".
        jobs: number of processes for metrics that hold Python's global lock; None for one per CPU core.
        progress: called with (done, total) pairs.

    Raises:
        UnknownNameError: there is no such metric or device.
        UsageError: a path does not exist, or one path is a file and the other a folder.
    """
    from hsbench.planning.resources import choose

    names = registry.names("metrics") if metrics is None else [registry.metric(name).name for name in metrics]
    resources = choose(device, jobs or 1)
    matched = match(reference, estimate)
    problems = list(matched.problems)
    workers = _workers(len(matched.pairs), names, jobs or resources.threads)
    scores: dict[str, Mapping[str, Score]] = {}
    for rate, pairs in _by_rate(matched.pairs, names, problems).items():
        with Scorer(rate, resources.device, workers) as scorer:
            scorer.warm_up(names)
            for number, (name, pair_scores) in enumerate(scorer.score(_signals(pairs, names, problems)), start=1):
                scores[name] = pair_scores
                if progress is not None:
                    progress(number, len(pairs))
    return PairScores(dict(sorted(scores.items())), tuple(names), len(matched.pairs), tuple(problems))


def _workers(pairs: int, names: Sequence[str], most: int) -> int:
    """Return the number of processes for metrics that hold Python's global lock.

    For few pairs, the imports take longer than the metrics. One process imports scipy and computes PESQ and STOI, while
    this one imports torch and computes the metrics that need it.

    Args:
        pairs: number of pairs.
        names: names of the metrics.
        most: maximum number of processes.
    """
    if pairs >= MANY_PAIRS:
        return most
    pooled = [name for name in names if info(name).in_pool]
    with_torch = any("torch" in registry.metric(name).needs for name in names if name not in pooled)
    return 1 if pairs and pooled and with_torch and most > 1 else 0


def rendered(results: PairScores, output_format: str, aggregate: str) -> str:
    """Return the scores of pairs as text.

    Args:
        results: the scores.
        output_format: "table", "json" or "csv".
        aggregate: "mean", or "paper" for the means as the published evaluation computes them.
    """
    from hsbench.report import pair_scores

    if output_format == "csv":
        return pair_scores.as_csv(results.scores)
    summary = results.summary(aggregate) if results.scores else {}
    if output_format == "json":
        return pair_scores.as_json(results.scores, summary, results.problems)
    return pair_scores.table(results.scores, summary)


def _by_rate(pairs: Sequence[Pair], names: Sequence[str], problems: list[str]) -> dict[int, list[Pair]]:
    """Group pairs by sample rate [Hz]; append a sentence to `problems` for each pair that the metrics cannot score."""
    rates: dict[int, list[Pair]] = {}
    for pair in pairs:
        rate = _common_rate(pair[1], pair[2], problems)
        if rate is None:
            continue
        if (reason := _unusable(rate, names)) is not None:
            problems.append(f"{pair[1]}: {reason}")
        else:
            rates.setdefault(rate, []).append(pair)
    return rates


def _common_rate(x: Path, y: Path, problems: list[str]) -> int | None:
    """Return the sample rate [Hz] of two files; None, with a sentence in `problems`, if they do not fit together."""
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
    """Yield (name, reference, estimate, metric names) for each pair that can be read; else append to `problems`."""
    for name, x, y in pairs:
        try:
            reference, estimate = read_mono(x)[0], read_mono(y)[0]
        except DataError as error:
            problems.append(str(error))
            continue
        if (loud := too_loud(str(x), reference)) is not None:
            problems.append(loud)
            continue
        sounds = ((x, reference), (y, estimate))
        problems += [f"{path}: holds samples that are not finite" for path, sound in sounds if not _finite(sound)]
        yield name, reference, estimate, names


def _finite(sound: NDArray[np.float32]) -> bool:
    """Return whether all samples [samples] are finite."""
    return bool(np.isfinite(sound).all())


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value
