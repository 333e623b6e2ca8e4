"""Claims that a count decides: numbers of parameters, of generated numbers and of operations, from definitions alone.

Operations of combining generated with shared parameters: an element of `additive` costs one addition, an element of
`multiplicative` one multiplication, for each of the P parameters of the target network and once per clip; `standard`
has none. The head of the hypernetwork, the last linear layer of section 3.2 with H = 400 inputs, costs 2 H operations
for each number that it generates.
"""

from __future__ import annotations

import math

from hsbench import widths
from hsbench.analysis.claims.base import COUNTED, Claim, Count

SAMPLES, WIDTH, LAYERS, ENCODING, HEAD = 32768, 90, 5, 10, 400
"""Samples of a clip; width and hidden layers of the published 1x target, frequencies of its encoding, inputs of the
head."""


def parameters() -> int:
    """Return the number of parameters of the published 1x FMLP."""
    return widths.parameters("fmlp", WIDTH, LAYERS, ENCODING)


def generated(shared_layers: int) -> int:
    """Return the number of generated parameters of the published 1x FMLP whose first layers are shared."""
    first = (widths.inputs("fmlp", ENCODING) + 1) * WIDTH
    hidden = (WIDTH + 1) * WIDTH
    return parameters() - (first if shared_layers else 0) - hidden * max(0, shared_layers - 1)


def published_ratio() -> float:
    """Return the exact compression ratio of the published 1x FMLP."""
    return SAMPLES / parameters()


def head_saved(shared_layers: int) -> float:
    """Return the share of the head's operations, and of the stored numbers, that sharing layers saves, in %."""
    return 100 * (1 - generated(shared_layers) / generated(0))


def combining() -> float:
    """Return the operations per clip by which adding or multiplying parameters exceeds the standard way."""
    return float(parameters())


def weights_sum(p: float) -> float:
    """Return the sum of the weights N i^p / sum_j j^p over i = 1 .. N, in parts of N, for N = 128 and j = 0 .. N."""
    count = 128
    denominator = math.fsum(j**p for j in range(count + 1))
    return math.fsum(i**p for i in range(1, count + 1)) / denominator


CLAIMS = (
    Claim(
        "published-1x",
        "4.2",
        "The target network at 1x has no more parameters than the clip has samples.",
        "exact compression ratio of the published width 90 minus 1; hsbench prints the exact ratio",
        COUNTED,
        "",
        count=Count(lambda: published_ratio() - 1, -1e-9, "samples per parameter, minus 1"),
    ),
    Claim(
        "sharing-costs-less-head",
        "4.5",
        "Sharing the first layer makes the hypernetwork cheaper and the representation smaller.",
        "share of the head's operations and of the stored numbers that it saves, 1x FMLP",
        COUNTED,
        "",
        count=Count(lambda: head_saved(1), 0.0, "%"),
    ),
    Claim(
        "sharing-two-costs-less",
        "4.5",
        "Sharing two layers saves more than sharing one.",
        "what two shared layers save minus what one saves",
        COUNTED,
        "",
        count=Count(lambda: head_saved(2) - head_saved(1), 0.0, "%"),
    ),
    Claim(
        "combining-costs-more",
        "4.5",
        "Adding or multiplying shared parameters needs additional computation.",
        "additional operations per clip, 1x FMLP",
        COUNTED,
        "",
        count=Count(combining, 0.0, "operations"),
    ),
    Claim(
        "frequency-weights-sum",
        "3.4",
        "The frequency weights always sum to the number of bins.",
        "smallest excess over -1e-9 of minus the distance of the sum from N, in parts of N, for p = 0.2, 0.5 and 1",
        COUNTED,
        "",
        count=Count(lambda: -max(abs(weights_sum(p) - 1) for p in (0.2, 0.5, 1.0)), -1e-9, "parts of N"),
    ),
)
