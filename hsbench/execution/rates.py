"""Scores at other sample rates than the corpus's own, for models that are functions of time.

A metric such as "lsd@48000" compares the source recording of a clip at 48 kHz with the clip's INR, evaluated at the
times of the source's samples. This tests what the INR does between the samples that it was fitted to. Nothing is fitted
again: the stored weights of the clip are evaluated.
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
"""Status of a score at a sample rate at which the corpus has no source recording."""
NO_TIME = "no_function_of_time"
"""Status of a score at another sample rate for a model that cannot be evaluated between its samples."""


def grouped(names: Iterable[str]) -> dict[int | None, list[str]]:
    """Group metrics by sample rate: rate [Hz] -> names of the metrics; None is the corpus's own rate."""
    by_rate: dict[int | None, list[str]] = {}
    for name in names:
        by_rate.setdefault(split_rate(name)[1], []).append(name)
    return by_rate


def source_at(corpus: Corpus, item: Item, rate: int) -> AtRate | None:
    """Return the source recording of a clip at a sample rate [Hz]; None if the corpus has none at that rate."""
    load_at = getattr(corpus, "load_at", None)
    source: AtRate | None = None if load_at is None else load_at(item, rate)
    return source


def decoded_at(model: FunctionOfTime, weights: Path, source: AtRate, context: Context) -> NDArray[np.float32]:
    """Evaluate the INR of a clip at the times of its source's samples.

    Args:
        model: the model that the weights belong to.
        weights: path of the file with the clip's own weights.
        source: source recording of the clip at another sample rate, with the time of each sample in seconds.
        context: context in which the weights were fitted.

    Returns:
        Waveform [samples of the source], float32, full scale +-1.

    Raises:
        DataError: the file of the weights is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        parameters = load_file(weights)
    except (OSError, SafetensorError, ValueError) as error:
        raise DataError(
            f"cannot read {weights} ({error}); remove it and run again, so that the clip is rebuilt."
        ) from error
    # The INR takes coordinates c in [-1, 1]: -1 at the first sample of the clip and 1 at its last, which lie
    # span = (samples - 1) / sample_rate seconds apart. A time t after the first sample, in seconds, thus has
    # c = 2 t / span - 1: t = 0 gives -1, t = span gives 1, and c is linear in t between them.
    span = (context.samples - 1) / context.sample_rate
    return model.play(parameters, 2 * source.seconds / span - 1, context)
