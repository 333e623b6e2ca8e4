"""Scoring above the corpus's own rate: an INR is a function of time, and the source may know what lies between samples.

A metric "lsd@48000" compares the clip's source at 48 kHz with the INR evaluated at the times of the source's samples.
No fit is repeated: the clip's own weights are kept, and they are what is evaluated.
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
"""Status of a score at a rate for a model that cannot be evaluated between its samples."""


def grouped(names: Iterable[str]) -> dict[int | None, list[str]]:
    """Return rate [Hz] -> names of the metrics to be computed there; None is the corpus's own rate."""
    by_rate: dict[int | None, list[str]] = {}
    for name in names:
        by_rate.setdefault(split_rate(name)[1], []).append(name)
    return by_rate


def source_at(corpus: Corpus, item: Item, rate: int) -> AtRate | None:
    """Return the clip's source at a rate [Hz], or None where the corpus has none there."""
    load_at = getattr(corpus, "load_at", None)
    source: AtRate | None = None if load_at is None else load_at(item, rate)
    return source


def decoded_at(model: FunctionOfTime, weights: Path, source: AtRate, context: Context) -> NDArray[np.float32]:
    """Evaluate a clip's INR at the times of its source's samples: [time].

    Args:
        model: fitted.
        weights: file of the clip's own weights.
        source: the clip's source at another rate.
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
    # Coordinates run from -1 at the clip's first sample to 1 at its last, which lie (samples - 1) / rate apart.
    span = (context.samples - 1) / context.sample_rate
    return model.play(parameters, 2 * source.seconds / span - 1, context)
