"""How far the scores of individual fits move when nothing but the order of summation changes.

Floating-point addition is not associative. On one processor a fit is the same every time; another processor or a GPU
adds in another order, the last bits differ, and hundreds of training steps amplify them. How far that moves the scores
was measured once, over fits of the same clips with the same settings and random numbers, and the numbers stand in
baselines/equivalent_fits/spread.json (tests/drift/equivalent_fits.py writes it).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hsbench.analysis.published import optional_baselines_folder
from hsbench.errors import DataError
from hsbench.files import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FOLDER, FILE = "equivalent_fits", "spread.json"
SCHEMA = 1


@dataclass(frozen=True)
class Spread:
    """How far one metric moves, in the unit of the metric.

    Attributes:
        clip_median: range over the fits of one clip, median over clips.
        clip_max: the largest of these ranges.
        mean_range: range over the fits of the mean over clips.
    """

    clip_median: float
    clip_max: float
    mean_range: float


@dataclass(frozen=True)
class EquivalentFits:
    """What was measured for some models at one budget; where there are several models, the larger number of each kind.

    Attributes:
        corpus: name of the corpus whose clips were fitted.
        clips: number of clips.
        budget: name of the training budget.
        models: registered names of the models.
        spread: metric -> how far it moves.
    """

    corpus: str
    clips: int
    budget: str
    models: frozenset[str]
    spread: Mapping[str, Spread]


def measured(versions: Mapping[str, int], budget: str, baselines: Path | None = None) -> EquivalentFits | None:
    """Return how far the fits of some models move, or None where it was measured for none of them.

    Args:
        versions: registered name -> version, for each model of a table.
        budget: name of the training budget of the table.
        baselines: folder with baselines that the user named; None for the default, see published.baselines_folder.

    Raises:
        DataError: the file is garbled or of another schema.
    """
    folder = optional_baselines_folder(baselines, FOLDER)
    if folder is None or not (path := folder / FOLDER / FILE).is_file():
        return None
    document = read_json(path)
    try:
        if document["schema"] != SCHEMA:
            raise DataError(f"expected {path} in schema {SCHEMA}, got {document['schema']!r}; update hsbench.")
        same = {model for model, version in versions.items() if document["versions"].get(model) == version}
        spreads = {model: document["spread"].get(model, {}).get(budget) for model in sorted(same)}
        known = {model: _read(spread) for model, spread in spreads.items() if spread is not None}
        if not known:
            return None
        return EquivalentFits(
            str(document["corpus"]), int(document["clips"]), budget, frozenset(known), _larger(list(known.values()))
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{path} is garbled ({error!r}); restore the file.") from error


def _read(spread: Mapping[str, Mapping[str, Any]]) -> dict[str, Spread]:
    return {
        metric: Spread(float(facts["clip_median"]), float(facts["clip_max"]), float(facts["mean_range"]))
        for metric, facts in spread.items()
    }


def _larger(spreads: list[dict[str, Spread]]) -> dict[str, Spread]:
    """Return, metric by metric, the largest of each number over the models."""
    metrics = dict.fromkeys(metric for spread in spreads for metric in spread)
    by_metric = {metric: [spread[metric] for spread in spreads if metric in spread] for metric in metrics}
    return {
        metric: Spread(
            max(spread.clip_median for spread in values),
            max(spread.clip_max for spread in values),
            max(spread.mean_range for spread in values),
        )
        for metric, values in by_metric.items()
    }
