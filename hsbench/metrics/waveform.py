"""Waveform metrics: mean squared and absolute error, and the signal-to-noise ratios.

Conventions
    x = reference, y = estimate, both [samples], float64, full scale +-1;
    eps = 2^-23 (float32's) as torchmetrics uses it.

Metrics
    mse     mean((y - x)^2)                                               0 .. , lower is better
    mae     mean(|y - x|)                                                 0 .. , lower is better
    snr     10 log10((sum x^2 + eps) / (sum (x - y)^2 + eps))             dB, higher is better
    psnr    10 log10((max x - min x)^2 / mse)                             dB, higher is better
    si_snr  10 log10((sum s^2 + eps) / (sum (s - y)^2 + eps)),  s = a x,
            a = (sum x y + eps) / (sum x^2 + eps), x and y without their means    dB, higher is better
    si_sdr  the same formula, x and y with their means, as Le Roux et al. define it: a constant offset of the estimate
            is noise here and is removed by si_snr                        dB, higher is better

Undefined
    snr, psnr, si_snr, si_sdr: "target_silent", "estimate_silent" for a silent reference or estimate;
    psnr: "identical" where y equals x, since the value would be infinite.

Limits
    si_snr and si_sdr do not depend on the level and the polarity of the estimate, as long as the energy of the noise is
    far above eps: then 2y and -y score like y.
    The eps bounds snr, si_snr and si_sdr. For y = g x the noise is 0, and si_snr 10 log10(1 + g^2 sum x^2 / eps), which
    measures the energy of the estimate: 6 dB less at half the level. Above CEILING values say more of the energy than
    of the error, so tables show "> 90".

Worst values, for the penalised mean
    The scales of snr, si_snr and si_sdr have no lower end; what stands there is the value of noise n at the level of x
    that has nothing to do with x.
    snr     sum (x - n)^2 = 2 sum x^2 in expectation: 10 log10(1 / 2) = -3.01 dB.
    si_snr, si_sdr
            with the correlation r of x and n the value is 10 log10(r^2 / (1 - r^2)), where r^2 has the distribution
            Beta(1/2, (N - 2)/2) for N samples. The mean is 10 / ln 10 (psi(1/2) - psi((N - 2)/2)), psi the digamma
            function: -50.7 dB for the benchmark's N = 32768.
    mse, mae and psnr of such noise depend on the level or the peaks of the clip, so they have no one worst value.

References
    Le Roux et al., "SDR - half-baked or well done?", ICASSP 2019.
    Checked against the HyperSound reference (torchmetrics 0.9.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hsbench.descriptors import MetricDescriptor, MetricInfo
from hsbench.metrics.base import Undefined

if TYPE_CHECKING:
    from numpy.typing import NDArray

EPS = float(np.finfo(np.float32).eps)

CEILING = 90.0
"""SI-SNR in dB above which tables show no number.

The eps is 90 dB below an energy sum x^2 of 119; the demo clips have energies of 500 to 1500, so that a perfect estimate
has 96 to 101 dB."""

DESCRIPTORS = [
    MetricDescriptor(
        name="mse",
        target="hsbench.metrics.waveform:mse",
        summary="mean squared error",
        info=MetricInfo(label="MSE", better="lower", ideal=0.0, bounds=(0.0, None), tolerance=1e-9),
    ),
    MetricDescriptor(
        name="mae",
        target="hsbench.metrics.waveform:mae",
        summary="mean absolute error",
        info=MetricInfo(label="MAE", better="lower", ideal=0.0, bounds=(0.0, None), tolerance=1e-9),
    ),
    MetricDescriptor(
        name="snr",
        target="hsbench.metrics.waveform:snr",
        summary="signal-to-noise ratio",
        info=MetricInfo(
            label="SNR",
            unit="dB",
            better="higher",
            bounds=(None, None),
            tolerance=1e-6,
            undefined_for=("target_silent", "estimate_silent"),
            worst=-3.01,
        ),
    ),
    MetricDescriptor(
        name="psnr",
        target="hsbench.metrics.waveform:psnr",
        summary="peak signal-to-noise ratio; the peak is the range of the reference",
        info=MetricInfo(
            label="PSNR",
            unit="dB",
            better="higher",
            bounds=(None, None),
            tolerance=1e-6,
            undefined_for=("target_silent", "estimate_silent"),
        ),
    ),
    MetricDescriptor(
        name="si_snr",
        target="hsbench.metrics.waveform:si_snr",
        summary="scale-invariant signal-to-noise ratio, zero mean",
        info=MetricInfo(
            label="SI-SNR",
            unit="dB",
            better="higher",
            ideal=100.0,
            bounds=(None, None),
            tolerance=1e-6,
            undefined_for=("target_silent", "estimate_silent"),
            ceiling=CEILING,
            worst=-50.7,
        ),
    ),
    MetricDescriptor(
        name="si_sdr",
        target="hsbench.metrics.waveform:si_sdr",
        summary="scale-invariant signal-to-distortion ratio, without removal of the mean",
        info=MetricInfo(
            label="SI-SDR",
            unit="dB",
            better="higher",
            bounds=(None, None),
            tolerance=1e-6,
            undefined_for=("target_silent", "estimate_silent"),
            ceiling=CEILING,
            worst=-50.7,
        ),
    ),
]


def mse(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Return the mean squared error; both [samples]."""
    del sample_rate
    return float(np.mean((estimate - reference) ** 2))


def mae(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Return the mean absolute error; both [samples]."""
    del sample_rate
    return float(np.mean(np.abs(estimate - reference)))


def snr(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Return the signal-to-noise ratio in dB; both [samples]."""
    del sample_rate
    return _decibel(reference, reference - estimate)


def psnr(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Return the peak signal-to-noise ratio in dB; both [samples].

    Raises:
        Undefined: "identical", where the estimate equals the reference.
    """
    error = mse(reference, estimate, sample_rate)
    if error == 0:
        raise Undefined("identical")
    return float(10 * np.log10((reference.max() - reference.min()) ** 2 / error))


def si_snr(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Return the scale-invariant signal-to-noise ratio in dB; both [samples]."""
    del sample_rate
    return _scale_invariant(reference - reference.mean(), estimate - estimate.mean())


def si_sdr(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Return the scale-invariant signal-to-distortion ratio in dB, which keeps the means; both [samples]."""
    del sample_rate
    return _scale_invariant(reference, estimate)


def _scale_invariant(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Return the ratio of the multiple of x that is nearest to y to the rest of y, in dB; both [samples]."""
    target = (_sum(x * y) + EPS) / (_sum(x * x) + EPS) * x
    return _decibel(target, target - y)


def _decibel(signal: NDArray[np.float64], noise: NDArray[np.float64]) -> float:
    return float(10 * np.log10((_sum(signal * signal) + EPS) / (_sum(noise * noise) + EPS)))


def _sum(products: NDArray[np.float64]) -> float:
    """Return a sum whose last bit does not depend on the number of threads; that of a BLAS dot product does."""
    return float(np.sum(products))
