"""How far a score depends on the rounding of float64, for one estimate.

A metric may take the logarithm of a power near its epsilon, as LSD does: with Y the magnitude of a bin of the
estimate's spectrogram and e = 1e-12, it holds log10(1 / (Y + e)^2). The derivative

    d log10(1 / (Y + e)^2) / dY  =  -2 / (ln 10 (Y + e))

is bounded by 2 / (ln 10 e) = 9e11 only, and reaches that where Y is at or below e. Ordinary sound has Y far above e in
every bin. A constant estimate (a network that did not learn yet) has Y = 0 in nearly every bin: what a program finds
there is the rounding error of its FFT, about 1e-14, one hundredth of e. The score then depends on the FFT library and
on the processor in the third digit, and no digit beyond it means anything.

How large is that error? A floating-point number has a relative error of up to u = 2^-53, half of eps = 2^-52. An FFT of
n points has log2(n) stages of additions and products, each of which rounds every number anew; if all these errors had
one sign, the relative error of the spectrum (root mean square, relative to that of the spectrum) would be

    eps log2(n) / 2  =  u log2(n)  =  10 u        for n = 1024,

and since they have random signs it is below u sqrt(log2(n)) = 3 u (measured: 1.2 to 2.3 u). Uniform noise of amplitude
a has the root mean square a / sqrt(3). An FFT keeps ratios of root mean squares (Parseval), so noise of a = 4 u times
the peak of the estimate stands for a relative error of 4 u / sqrt(3) = 2.3 u for a constant, whose peak is its root
mean square: an error of the size that an FFT has.

Measured for the constant estimate of the baseline `smoke` (LSD 20.13): noise of 1, 4 and 16 u moves LSD by 3.8e-4,
2.4e-3 and 1.3e-2; NumPy's FFT in place of PyTorch's moves it by 6.7e-4, a processor of another vendor by 3.9e-5. For
the other estimates of that baseline, noise of 4 u moves LSD by 2e-12 at most: there the metric's tolerance decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from hsbench.metrics.suite import Scorer

UNITS = 4
"""Amplitude of the noise, in units of float64 rounding: 2**-53 times the peak of the estimate."""
DRAWS = 3
"""Number of draws of the noise, which are the same in every process."""


def sensitivities(
    scorer: Scorer, reference: ArrayLike, estimate: ArrayLike, values: Mapping[str, float]
) -> dict[str, float]:
    """Return the largest change of each score among DRAWS draws of noise on the estimate, in the unit of the metric.

    Args:
        scorer: computes the metrics at the sample rate of the pair.
        reference: [samples], full scale +-1.
        estimate: [samples], full scale +-1.
        values: name of a metric -> its value for the estimate without noise. A draw for which the metric has no value
            does not count.
    """
    exact = np.asarray(estimate, dtype=np.float64)
    unit = 2.0**-53 * float(np.abs(exact).max(initial=0.0))
    noises = [np.random.default_rng(draw).uniform(-1, 1, exact.size) * UNITS * unit for draw in range(DRAWS)]
    changes = dict.fromkeys(values, 0.0)
    for _, scores in scorer.score(
        (str(draw), reference, exact + noise, [*values]) for draw, noise in enumerate(noises)
    ):
        for metric, value in values.items():
            score = scores[metric].value
            changes[metric] = max(changes[metric], abs((value if score is None else score) - value))
    return changes
