"""Sizes of the networks of hsbench.models.inr.families, and what a step of their fit costs; imports no torch.

With width h, n hidden layers and I inputs, the numbers that are stored for a clip are

    perceptron    (n - 1) h^2 + (I + n + 1) h + 1, and one per learned constant
    wire          2 h  +  (n - 1) (2 h^2 + 2 h)  +  2 h + 1        (a complex number counts as two)
    kan           (G + 5) (I h + (n - 1) h^2 + h)                  (G + 3 coefficients and two factors per edge)
    grid          F sum (r_l + 1), and a perceptron of F levels inputs

and each grows with its size setting: the width, or the finest resolution of a grid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hsbench.errors import UsageError
from hsbench.widths import Operations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LARGEST = 1 << 20
"""Largest size that is considered."""
SIZES = {"grid": "highest"}
"""Kind of network -> the setting that follows from the compression ratio; "width" for all others."""


def inputs(settings: Mapping[str, Any]) -> int:
    """Return the number of inputs that an encoding of time gives, see hsbench.models.targets.encodings."""
    if settings.get("encoding", "octaves") == "time":
        return 1
    return 2 * int(settings["frequencies"] if "frequencies" in settings else settings["encoding_length"])


def resolutions(levels: int, lowest: int, highest: int) -> list[int]:
    """Return the intervals of each table of a grid, coarsest first, in nearly equal ratios."""
    last = max(1, levels - 1)
    return [round(lowest * (highest / lowest) ** (level / last)) for level in range(levels)]


def _perceptron(entries: int, width: int, layers: int) -> int:
    return (layers - 1) * width**2 + (entries + layers + 1) * width + 1


def _composed(settings: Mapping[str, Any]) -> int:
    learned = len(settings.get("learned", "").split())
    return _perceptron(inputs(settings), settings["width"], settings["layers"]) + learned


def _wire(settings: Mapping[str, Any]) -> int:
    width, layers = settings["width"], settings["layers"]
    return int(2 * width + (layers - 1) * (2 * width**2 + 2 * width) + 2 * width + 1)


def _edges(settings: Mapping[str, Any]) -> int:
    width, layers = settings["width"], settings["layers"]
    return int(inputs(settings) * width + (layers - 1) * width**2 + width)


def _kan(settings: Mapping[str, Any]) -> int:
    return (int(settings["intervals"]) + 5) * _edges(settings)


def _grid(settings: Mapping[str, Any]) -> int:
    levels, values = settings["levels"], settings["values"]
    tables = values * sum(size + 1 for size in resolutions(levels, settings["lowest"], settings["highest"]))
    return int(tables + _perceptron(levels * values, settings["width"], settings["layers"]))


COUNTS: dict[str, Callable[[Mapping[str, Any]], int]] = {"wire": _wire, "kan": _kan, "grid": _grid}
"""Kind of network -> its number of parameters; kinds that are not listed are perceptrons."""


def parameters(settings: Mapping[str, Any]) -> int:
    """Return the numbers that are stored for a clip.

    Args:
        settings: settings of the model, with its size.
    """
    return COUNTS.get(settings["kind"], _composed)(settings)


def resolve(settings: Mapping[str, Any], samples: int) -> dict[str, Any]:
    """Return the settings with the size, or the compression ratio, computed from the other.

    Args:
        settings: model settings; the size is None where it follows from compression_ratio.
        samples: samples per clip.

    Raises:
        UsageError: a setting that counts something is no whole number from 1, or no size reaches the ratio.
    """
    resolved, name = dict(settings), SIZES.get(settings["kind"], "width")
    counts = {"layers", "width", "encoding_length", "frequencies", "intervals", "levels", "lowest", "highest", "values"}
    for key in sorted(counts & resolved.keys()):
        value = resolved[key]
        if (key != name or value is not None) and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise UsageError(f"{key} expects a whole number from 1, got {value!r}.")
    if resolved[name] is not None:
        resolved["compression_ratio"] = samples / parameters(resolved)
        return resolved
    ratio = resolved["compression_ratio"]
    if not ratio > 0:
        raise UsageError(f"a compression ratio is a positive number (samples per parameter), got {ratio}.")
    lowest = int(settings["lowest"]) if name == "highest" else 1

    def count(size: int) -> int:
        return parameters({**resolved, name: size})

    if count(lowest) > samples / ratio:
        raise UsageError(
            f"no {resolved['kind']} network with these settings is small enough for compression ratio {ratio} at "
            f"{samples} samples; ask for a lower ratio or fewer layers."
        )
    # The count grows with the size. The largest size whose count fits and the next one enclose the wanted ratio.
    low, high = lowest, LARGEST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(middle) <= samples / ratio else (low, middle)
    resolved[name] = min((low, high), key=lambda size: abs(samples / count(size) - ratio))
    return resolved


def operations(settings: Mapping[str, Any], training: Mapping[str, Any], samples: int) -> Operations:
    """Estimate the operations of a fit, those of matrix products and of interpolation; see hsbench.widths.individual.

    Args:
        settings: model settings.
        training: training settings.
        samples: samples per clip.
    """
    fit = training["steps"] * (training["coordinates"] or samples) * _step(settings)
    if training.get("start_steps") is None:
        return Operations(0.0, fit, fit)
    inner = training["start_steps"] * training["start_batch"] * training["start_inner_steps"]
    return Operations(inner * min(training["start_coordinates"], samples) * _step(settings), fit, fit)


def _step(settings: Mapping[str, Any]) -> float:
    """Return the operations of a training step per coordinate: three times those of the forward pass.

    A real weight takes part in two operations. A complex one, of two numbers, takes eight: four products and four
    sums. An edge of a KAN is computed as a row of G + 4 products, five of which are not zero. A table of a grid is read
    at two points per value, which are interpolated with three operations.
    """
    kind = settings["kind"]
    if kind == "wire":
        return 3 * 4.0 * parameters(settings)
    if kind == "kan":
        return 3 * 2.0 * (int(settings["intervals"]) + 4) * _edges(settings)
    if kind == "grid":
        entries = int(settings["levels"]) * int(settings["values"])
        return 3 * (3.0 * entries + 2.0 * _perceptron(entries, settings["width"], settings["layers"]))
    return 3 * 2.0 * parameters(settings)
