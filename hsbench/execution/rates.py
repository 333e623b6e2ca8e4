"""Scoring above the corpus's own rate: an INR is a function of time, and the source may know what lies between.

A metric "lsd@48000" compares the clip's source at 48 kHz with the INR played at the times of the source's samples. No
fit is repeated: a clip's own parameters are kept, and they are what is played.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.errors import DataError
from hsbench.metrics.base import split_rate

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from hsbench.corpora.base import AtRate, Corpus, Item
    from hsbench.models.base import Context, FunctionOfTime

NO_TRUTH = "no_truth"
"""Status of a score at a rate that the source does not have."""
NO_TIME = "no_function_of_time"
"""Status of a score at a rate for a model that cannot be played between its samples."""


def grouped(names: Iterable[str]) -> dict[int | None, list[str]]:
    """Rate -> metric names to be scored there; None is the corpus's own rate."""
    found: dict[int | None, list[str]] = {}
    for name in names:
        found.setdefault(split_rate(name)[1], []).append(name)
    return found


def named(metric: str, rate: int | None) -> str:
    """The name of a metric at a rate, the inverse of `split_rate`."""
    return metric if rate is None else f"{metric}@{rate}"


def truth(corpus: Corpus, item: Item, rate: int) -> AtRate | None:
    """The clip's source at a rate, where the corpus can say."""
    load_at = getattr(corpus, "load_at", None)
    found: AtRate | None = None if load_at is None else load_at(item, rate)
    return found


def played(model: FunctionOfTime, weights: Path, at: AtRate, context: Context) -> NDArray[np.float32]:
    """A clip's INR at the times of its source's samples: [time].

    Args:
        model: fitted.
        weights: the file of the clip's own parameters.
        at: its source.
        context: of the fit.

    Raises:
        DataError: the file is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        parameters = load_file(weights)
    except (OSError, SafetensorError, ValueError) as error:
        raise DataError(
            f"cannot read {weights} ({error}); remove it and run again, the clip is then rebuilt."
        ) from error
    span = (context.samples - 1) / context.sample_rate
    return model.play(parameters, 2 * at.seconds / span - 1, context)
