"""Number of arithmetic operations of patch-wise INRs; imports no torch.

Counted are the multiplications and additions of matrix products, two per pair of factors. Sines, sums and products
element by element are not counted. For a patch of P samples, with D numbers in its latent, L layers of H units:

    decoding            2 P ((L - 1) H^2 + H)       forward pass of the shared SIREN
    derivative          2 P (L - 1) H^2             of a loss by the shifts of all layers
    by the weights      2 P ((L - 1) H^2 + H)       of a loss by the shared weights, in training only
    shifts              2 D L H                     from the latent, and as many for a derivative by the latent

The first layer is not among them: V_1 x is the same in all patches and is computed once.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from hsbench.errors import UsageError
from hsbench.widths import Operations

if TYPE_CHECKING:
    from collections.abc import Mapping


def hidden_widths(text: str) -> list[int]:
    """Return the widths of the encoder's hidden layers from a text such as "256-256".

    Raises:
        UsageError: the text is no list of whole numbers from 1.
    """
    parts = str(text).split("-")
    if not all(part.isascii() and part.isdigit() and int(part) for part in parts):
        raise UsageError(f"hidden expects layer widths such as 256-256, got {text!r}.")
    return [int(part) for part in parts]


def one_pass(settings: Mapping[str, Any], training: Mapping[str, Any], samples: int) -> Operations:
    """Count the operations of patch-inr.

    Args:
        settings: model settings.
        training: training settings.
        samples: samples per clip.
    """
    patch, latent = settings["patch"], settings["latent"]
    sizes = [patch, *hidden_widths(training["hidden"]), latent]
    encoder = 2 * sum(one * other for one, other in itertools.pairwise(sizes))
    shifts = 2 * latent * settings["layers"] * settings["width"]
    forward, derivative, weights = _siren(patch, settings["layers"], settings["width"])
    step = training["patches"] * (3 * encoder + 3 * shifts + forward + derivative + weights)
    patches = -(-samples // patch)
    return Operations(
        training["steps"] * training["share"] * step, patches * (encoder + shifts + forward), patches * encoder
    )


def few_steps(settings: Mapping[str, Any], training: Mapping[str, Any], samples: int) -> Operations:
    """Count the operations of coinpp.

    An inner step is a forward pass and the derivative by the latent; the first forward pass is one for all patches. For
    the meta-gradient it has a second-derivative pass as well, which costs a forward pass, a derivative and twice the
    derivative by the weights.

    Args:
        settings: model settings.
        training: training settings.
        samples: samples per clip.
    """
    patch, layers, width = settings["patch"], training["layers"], training["width"]
    shifts = 2 * settings["latent"] * layers * width
    forward, derivative, weights = _siren(patch, layers, width)
    inner = forward + derivative + 2 * shifts
    second = forward + derivative + 2 * weights + 4 * shifts
    last = forward + derivative + weights + 3 * shifts
    steps = training["train_inner_steps"]
    patches = -(-samples // patch)
    # Guarded steps begin with one more evaluation: that of the outcome of the trained steps.
    made = settings["inner_steps"] + (settings["inner_steps"] > steps)
    encode = patches * (made * inner - forward - shifts) + forward
    step = training["patches"] * (steps * (inner + second) + last - forward - shifts) + forward
    return Operations(training["steps"] * training["share"] * step, encode + patches * (shifts + forward), encode)


def _siren(patch: int, layers: int, width: int) -> tuple[int, int, int]:
    """Return the operations of one patch: forward pass, derivative by the shifts, derivative by the weights."""
    hidden = (layers - 1) * width**2
    return 2 * patch * (hidden + width), 2 * patch * hidden, 2 * patch * (hidden + width)
