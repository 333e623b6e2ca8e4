"""`hsbench score`: score files or folders made anywhere, without the harness."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hsbench.cli import options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from hsbench.metrics.base import Score

    Scores = dict[str, dict[str, Score]]

FORMATS = ("table", "json", "csv")
AGGREGATES = ("mean", "paper")


def score(
    reference: Annotated[Path, typer.Argument(help="The original: a file or a folder.", metavar="REF")],
    estimate: Annotated[Path, typer.Argument(help="The reconstruction: a file or a folder.", metavar="EST")],
    metrics: Annotated[
        str, typer.Option(help="Names separated by commas, or: all.")
    ] = "mse,lsd,si_snr,pesq,stoi,cdpam",
    output_format: Annotated[str, typer.Option("--format", help="table, json or csv.")] = "table",
    aggregate: Annotated[
        str,
        typer.Option(help="mean over clips, or paper: means of batches of 16, as the published evaluation averages."),
    ] = "mean",
    device: options.Device = "cpu",
    jobs: Annotated[int | None, typer.Option(help="Processes for PESQ and STOI. Default: one per core.")] = None,
) -> None:
    """Score reconstructions against originals: two files, or two folders matched by name."""
    from hsbench.audio.matching import match
    from hsbench.cli import asking
    from hsbench.errors import IncompleteError, UnknownNameError

    for kind, value, known in (("format", output_format, FORMATS), ("aggregate", aggregate, AGGREGATES)):
        if value not in known:
            raise UnknownNameError(kind, value, known)
    names = _metrics(metrics)
    resources = asking.resources(device, jobs or 1, None, None)
    matched = match(reference, estimate)
    problems = list(matched.problems)
    workers = (jobs or resources.threads) if len(matched.pairs) >= 32 else 0
    scores = _score(matched.pairs, names, resources.device, workers, problems)
    summary = _summary(scores, names, len(matched.pairs), aggregate) if scores else {}
    printer = {"table": _table, "json": _json, "csv": _csv}[output_format]
    print(printer(scores, summary, problems), end="")
    if problems or not scores:
        said = "\n  ".join(problems) or f"no audio file is in {reference}"
        raise IncompleteError(
            f"{len(scores)} of {len(matched.pairs)} pairs were scored; these files were not:\n  {said}"
        )


def _metrics(text: str) -> list[str]:
    from hsbench import registry

    if text == "all":
        return registry.names("metrics")
    return [registry.get("metrics", name.strip()).name for name in text.split(",") if name.strip()]


def _score(
    pairs: Sequence[tuple[str, Path, Path]], names: list[str], device: str, workers: int, problems: list[str]
) -> Scores:
    """Scores of every pair that can be read; each other file gets its sentence."""
    from hsbench.cli.progress import counted
    from hsbench.metrics.suite import Scorer

    rates: dict[int, list[tuple[str, Path, Path]]] = {}
    for name, x, y in pairs:
        rate = _common_rate(x, y, problems)
        if rate is not None:
            rates.setdefault(rate, []).append((name, x, y))
    found: Scores = {}
    for rate, chosen in rates.items():
        with Scorer(rate, device, workers) as scorer:
            for name, scores in counted(scorer.score(_signals(chosen, names, problems)), len(chosen), "scored"):
                found[name] = scores
    return dict(sorted(found.items()))


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
    for what in ("samplerate", "frames"):
        if getattr(first, what) != getattr(second, what):
            unit = {"samplerate": "Hz", "frames": "samples"}[what]
            problems.append(f"{y}: {getattr(second, what)} {unit}, its reference has {getattr(first, what)}")
            return None
    return int(first.samplerate)


def _signals(
    pairs: Sequence[tuple[str, Path, Path]], names: list[str], problems: list[str]
) -> Iterator[tuple[str, NDArray[np.float32], NDArray[np.float32], list[str]]]:
    from hsbench.audio.io import read_mono
    from hsbench.errors import DataError

    for name, x, y in pairs:
        try:
            yield name, read_mono(x)[0], read_mono(y)[0], names
        except DataError as error:
            problems.append(str(error))


def _summary(scores: Scores, names: list[str], total: int, aggregate: str) -> dict[str, dict[str, Any]]:
    """Metric -> mean, interval and coverage."""
    import numpy as np

    from hsbench.analysis import stats

    found = {}
    for name in names:
        column = [np.nan if (value := one[name].value) is None else value for one in scores.values()]
        array = np.array([column])
        one = stats.summarise(array)
        mean = one.mean if aggregate == "mean" else stats.paper_mean(array[0])
        low, high = (one.low, one.high) if aggregate == "mean" else (None, None)
        found[name] = {
            "aggregate": aggregate,
            "mean": mean,
            "ci_low": low,
            "ci_high": high,
            "n": one.n,
            "n_total": total,
        }
    return found


def _table(scores: Scores, summary: dict[str, dict[str, Any]], problems: list[str]) -> str:
    del problems
    from hsbench.metrics.base import info

    lines = [["clip", *summary]]
    for clip, one in scores.items():
        lines.append([clip, *(_cell(score.value, score.status, info(name).decimals) for name, score in one.items())])
    for title in ("mean", "ci_low", "ci_high"):
        shown = [_cell(facts[title], "", info(name).decimals) for name, facts in summary.items()]
        if any(shown):
            lines.append([title, *shown])
    lines.append(["scored", *(f"{facts['n']}/{facts['n_total']}" for facts in summary.values())])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    aligned = (
        "  ".join([line[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True))])
        for line in lines
    )
    return "\n".join(aligned) + "\n" if scores else ""


def _cell(value: float | None, status: str, decimals: int) -> str:
    return status if value is None else f"{value:.{decimals}f}"


def _json(scores: Scores, summary: dict[str, dict[str, Any]], problems: list[str]) -> str:
    clips = {
        clip: {name: {"value": one.value, "status": one.status} for name, one in row.items()}
        for clip, row in scores.items()
    }
    return json.dumps({"clips": clips, "summary": summary, "problems": problems}, indent=2) + "\n"


def _csv(scores: Scores, summary: dict[str, dict[str, Any]], problems: list[str]) -> str:
    del summary, problems
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["clip", "metric", "value", "status", "seconds"])
    for clip, row in scores.items():
        for name, one in row.items():
            writer.writerow(
                [clip, name, "" if one.value is None else f"{one.value:.8g}", one.status, f"{one.seconds:.4f}"]
            )
    return out.getvalue()
