"""Number of parameters of a target network, and the width that reaches a compression ratio.

A target network has n hidden layers of equal width h, a bias in every layer, one output and I inputs. The inputs are
the 2L sines and cosines of the positional encoding for an FMLP, and the time t for a SIREN. Its layers have

    first hidden layer         I h weights            h biases
    n - 1 further ones         (n - 1) h^2 weights    (n - 1) h biases
    output layer               h weights              1 bias

so the number of parameters and the compression ratio are

    P(h) = (n - 1) h^2 + (I + n + 1) h + 1            CR(h) = samples / P(h)

For five hidden layers, P(h) is 4h^2 + 26h + 1 (FMLP, L = 10) or 4h^2 + 7h + 1 (SIREN). Source: section 4.2 of arXiv
2302.04959.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from hsbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


def inputs(kind: str, encoding_length: int = 10) -> int:
    """Return the number of inputs of a target network: 2 x encoding_length for "fmlp", 1 for "siren"."""
    return {"fmlp": 2 * encoding_length, "siren": 1}[kind]


def parameters(kind: str, width: int, layers: int = 5, encoding_length: int = 10) -> int:
    """Return P(h), the number of weights and biases of a target network.

    Args:
        kind: "fmlp" or "siren".
        width: h, units of each hidden layer.
        layers: n, number of hidden layers.
        encoding_length: L, number of frequencies of the positional encoding of an FMLP.
    """
    return (layers - 1) * width**2 + (inputs(kind, encoding_length) + layers + 1) * width + 1


def nearest_width(
    kind: str, compression_ratio: float, samples: int = 32768, layers: int = 5, encoding_length: int = 10
) -> int:
    """Return the width whose exact compression ratio is nearest to a wanted one.

    Args:
        kind: "fmlp" or "siren".
        compression_ratio: wanted number of samples per parameter.
        samples: samples per clip.
        layers: number of hidden layers.
        encoding_length: number of frequencies of the positional encoding of an FMLP.

    Raises:
        UsageError: the ratio is not positive, or is so high that the network is too large even with width 1.
    """
    if not compression_ratio > 0:
        raise UsageError(f"a compression ratio is a positive number (samples per parameter), got {compression_ratio}.")
    budget = samples / compression_ratio  # parameters at the wanted ratio
    if budget < parameters(kind, 1, layers, encoding_length):
        raise UsageError(
            f"no {kind} of {layers} hidden layers is small enough for compression ratio {compression_ratio} "
            f"at {samples} samples; ask for a lower ratio or fewer layers."
        )
    # The real number x with P(x) = budget solves a x^2 + b x + c = 0 with the coefficients below. Since budget >= P(1),
    # c <= 1 - P(1) = -(a + b) < 0. For a > 0 the product of the two solutions, c / a, is thus negative: exactly one of
    # them is positive, the one with the plus sign of the square root. For a = 0, a single hidden layer, x = -c / b.
    # P increases with the width, so CR decreases with it: among the widths up to x, floor(x) has the ratio nearest to
    # the wanted one, and among the widths from x on, ceil(x) has. One of these two is the answer; if both are equally
    # near, min takes the smaller width, which is sorted first.
    a, b, c = layers - 1, inputs(kind, encoding_length) + layers + 1, 1 - budget
    root = -c / b if a == 0 else (math.sqrt(b * b - 4 * a * c) - b) / (2 * a)
    candidates = {max(1, math.floor(root)), math.ceil(root)}
    return min(
        sorted(candidates),
        key=lambda h: abs(samples / parameters(kind, h, layers, encoding_length) - compression_ratio),
    )


def resolve(settings: Mapping[str, Any], switches: Mapping[str, Any], samples: int) -> dict[str, Any]:
    """Return the settings of a target network with the width, or the compression ratio, computed from the other.

    A given width determines the compression ratio. Where the width is None, it is the protocol's width at the ratio 1,
    or else the width whose ratio is nearest to the wanted one.

    Args:
        settings: kind, compression_ratio, width, layers and, for an FMLP, encoding_length.
        switches: protocol switches; width_at_cr_1 is read.
        samples: samples per clip.

    Raises:
        UsageError: the width or the number of layers is not a whole number from 1, or no width reaches the ratio.
    """
    resolved = dict(settings)
    kind, layers, width = resolved["kind"], resolved["layers"], resolved["width"]
    encoding_length = resolved.get("encoding_length", 10)
    if not isinstance(layers, int) or layers < 1:
        raise UsageError(f"layers expects a whole number of hidden layers from 1, got {layers!r}.")
    if width is not None:
        if not isinstance(width, int) or width < 1:
            raise UsageError(f"width expects a whole number from 1, got {width!r}.")
        resolved["compression_ratio"] = samples / parameters(kind, width, layers, encoding_length)
        return resolved
    ratio, fixed = resolved["compression_ratio"], switches["width_at_cr_1"]
    if ratio == 1 and fixed is not None:
        resolved["width"] = fixed
    else:
        resolved["width"] = nearest_width(kind, ratio, samples, layers, encoding_length)
    return resolved


class Operations(NamedTuple):
    """Estimated number of arithmetic operations of a cell; a multiplication and an addition count as two.

    Attributes:
        shared: operations of the training, which is done once for all clips.
        each: operations for each clip.
        encode: the part of `each` that finds what is stored for a clip; None where it is not counted apart.
    """

    shared: float
    each: float
    encode: float | None = None


def individual(settings: Mapping[str, Any], training: Mapping[str, Any], samples: int) -> Operations:
    """Estimate the operations of individual INRs, which are fitted to one clip each, and of a learned start.

    Args:
        settings: model settings.
        training: training settings: `steps`, `coordinates` and, where the start is learned, those named `start_...`.
        samples: samples per clip.
    """
    coordinates = training["coordinates"] or samples
    fit = training["steps"] * coordinates * _step(settings)
    if training.get("start_steps") is None:
        return Operations(0.0, fit, fit)
    inner = training["start_steps"] * training["start_batch"] * training["start_inner_steps"]
    return Operations(inner * min(training["start_coordinates"], samples) * _step(settings), fit, fit)


def hypersound(settings: Mapping[str, Any], training: Mapping[str, Any], samples: int) -> Operations:
    """Estimate the operations of HyperSound, which evaluates encoder and target network at every training step.

    The encoder takes 9.3e9 operations per clip with 16 channels and 32 768 samples. With fewer channels it is limited
    by memory bandwidth, so the estimate is proportional to the number of channels and not to its square. The target
    network counts 4/3 times, because its forward pass, a third of forward and backward together, is computed twice.

    Args:
        settings: model settings.
        training: training settings; those of the number of steps, the batch, the channels and the coordinates are read.
        samples: samples per clip.
    """
    steps = training["epochs"] * (training["epoch_samples"] // training["batch"])
    encoder = 9.3e9 * training["channels"] / 16 * samples / 32768
    coordinates = training["coordinates"] or samples
    target = coordinates * _step(settings) * 4 / 3
    each = encoder / 3 + samples * _step(settings) / 3
    return Operations(steps * training["batch"] * (encoder + target), each, encoder / 3)


def _step(settings: Mapping[str, Any]) -> float:
    """Return the operations of one training step of a target network, per coordinate.

    Each parameter takes part in one multiplication and one addition of the forward pass, and in two of each in the
    backward pass (for the gradients of the layer's input and of the parameter): 6 operations in all.
    """
    kind, width, layers = settings["kind"], settings["width"], settings["layers"]
    return 6.0 * parameters(kind, width, layers, settings.get("encoding_length", 10))
