"""How large a target network is, and how wide it must be for a compression ratio.

A target network has `layers` hidden layers of equal width h, biases everywhere, one output and I inputs (FMLP: 2L
sines and cosines; SIREN: t):

    P(h) = (layers - 1) h^2 + (I + layers + 1) h + 1          CR = samples / P

For five layers that is 4h^2 + 26h + 1 (FMLP, L = 10) and 4h^2 + 7h + 1 (SIREN). Source: section 4.2 of arXiv
2302.04959.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from hsbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


def inputs(kind: str, encoding_length: int = 10) -> int:
    """Inputs of the first layer: 2 x encoding_length for "fmlp", 1 for "siren"."""
    return {"fmlp": 2 * encoding_length, "siren": 1}[kind]


def parameters(kind: str, width: int, layers: int = 5, encoding_length: int = 10) -> int:
    """Number of weights and biases P(h)."""
    return (layers - 1) * width**2 + (inputs(kind, encoding_length) + layers + 1) * width + 1


def nearest_width(
    kind: str, compression_ratio: float, samples: int = 32768, layers: int = 5, encoding_length: int = 10
) -> int:
    """The width whose exact compression ratio is nearest to the wanted one.

    Raises:
        UsageError: the ratio is not positive, or so high that not even width 1 reaches it.
    """
    if not compression_ratio > 0:
        raise UsageError(f"a compression ratio is a positive number (samples per parameter), got {compression_ratio}.")
    wanted = samples / compression_ratio
    if wanted < parameters(kind, 1, layers, encoding_length):
        raise UsageError(
            f"no {kind} of {layers} hidden layers is small enough for compression ratio {compression_ratio} "
            f"at {samples} samples; ask for a lower ratio or fewer layers."
        )
    a, b, c = layers - 1, inputs(kind, encoding_length) + layers + 1, 1 - wanted
    root = -c / b if a == 0 else (math.sqrt(b * b - 4 * a * c) - b) / (2 * a)
    candidates = {max(1, math.floor(root)), math.ceil(root)}
    return min(
        sorted(candidates),
        key=lambda h: abs(samples / parameters(kind, h, layers, encoding_length) - compression_ratio),
    )


def resolve(settings: Mapping[str, Any], switches: Mapping[str, Any], samples: int) -> dict[str, Any]:
    """Fill in `width` where the settings leave it open (None): the protocol's width at CR 1, else the nearest.

    Args:
        settings: kind, compression_ratio, width, layers and, for an FMLP, encoding_length.
        switches: width_at_cr_1, from the protocol.
        samples: samples per clip.
    """
    done = dict(settings)
    if not isinstance(done["layers"], int) or done["layers"] < 1:
        raise UsageError(f"layers expects a whole number of hidden layers from 1, got {done['layers']!r}.")
    if done["width"] is not None:
        if not isinstance(done["width"], int) or done["width"] < 1:
            raise UsageError(f"width expects a whole number from 1, got {done['width']!r}.")
        done["compression_ratio"] = samples / parameters(
            done["kind"], done["width"], done["layers"], done.get("encoding_length", 10)
        )
        return done
    fixed = switches["width_at_cr_1"]
    if done["compression_ratio"] == 1 and fixed is not None:
        done["width"] = fixed
    else:
        done["width"] = nearest_width(
            done["kind"], done["compression_ratio"], samples, done["layers"], done.get("encoding_length", 10)
        )
    return done


class Operations(NamedTuple):
    """Estimated work of a cell (one multiply-add = 2): once for all clips, and for each clip."""

    shared: float
    each: float


def individual(settings: Mapping[str, Any], training: Mapping[str, Any], samples: int) -> Operations:
    """Of an individual INR: forward and backward are about 6 operations per parameter and coordinate."""
    coordinates = training["coordinates"] or samples
    return Operations(0.0, training["steps"] * coordinates * _step(settings))


def hypersound(settings: Mapping[str, Any], training: Mapping[str, Any], samples: int) -> Operations:
    """Of HyperSound: encoder and target network at every step, the latter played twice in part.

    The encoder takes 9.3 G operations a clip at 16 channels and 32 768 samples. With fewer channels it moves memory
    rather than computes, so its time falls with the channels and not with their square.
    """
    steps = training["epochs"] * (training["epoch_samples"] // training["batch"])
    encoder = 9.3e9 * training["channels"] / 16 * samples / 32768
    coordinates = training["coordinates"] or samples
    target = coordinates * _step(settings) * 4 / 3
    return Operations(steps * training["batch"] * (encoder + target), encoder / 3 + samples * _step(settings) / 3)


def _step(settings: Mapping[str, Any]) -> float:
    kind, width, layers = settings["kind"], settings["width"], settings["layers"]
    return 6.0 * parameters(kind, width, layers, settings.get("encoding_length", 10))
