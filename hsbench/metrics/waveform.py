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

Undefined
    snr, psnr, si_snr for a silent reference or estimate;
    psnr also where y equals x (status "identical": it would be infinite).
    SI-SNR is blind to level and polarity: 2x and -x score like x.

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

DESCRIPTORS = [
    MetricDescriptor(
        name="mse",
        target="hsbench.metrics.waveform:mse",
        summary="mean squared error",
        info=MetricInfo(label="MSE", better="lower", ideal=0.0, bounds=(0.0, None), tolerance=1e-9, decimals=5),
    ),
    MetricDescriptor(
        name="mae",
        target="hsbench.metrics.waveform:mae",
        summary="mean absolute error",
        info=MetricInfo(label="MAE", better="lower", ideal=0.0, bounds=(0.0, None), tolerance=1e-9, decimals=5),
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
        ),
    ),
    MetricDescriptor(
        name="psnr",
        target="hsbench.metrics.waveform:psnr",
        summary="peak signal-to-noise ratio, against the reference's own range",
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
        ),
    ),
]

EPS = float(np.finfo(np.float32).eps)


def mse(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Mean squared error; both [samples]."""
    del sample_rate
    return float(np.mean((estimate - reference) ** 2))


def mae(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Mean absolute error; both [samples]."""
    del sample_rate
    return float(np.mean(np.abs(estimate - reference)))


def snr(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Signal-to-noise ratio in dB; both [samples]."""
    del sample_rate
    return _decibel(reference, reference - estimate)


def psnr(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Peak signal-to-noise ratio in dB; both [samples].

    Raises:
        Undefined: "identical", where the estimate equals the reference.
    """
    error = mse(reference, estimate, sample_rate)
    if error == 0:
        raise Undefined("identical")
    return float(10 * np.log10((reference.max() - reference.min()) ** 2 / error))


def si_snr(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Scale-invariant signal-to-noise ratio in dB; both [samples]."""
    del sample_rate
    x, y = reference - reference.mean(), estimate - estimate.mean()
    target = (_sum(x * y) + EPS) / (_sum(x * x) + EPS) * x
    return _decibel(target, target - y)


def _decibel(signal: NDArray[np.float64], noise: NDArray[np.float64]) -> float:
    return float(10 * np.log10((_sum(signal * signal) + EPS) / (_sum(noise * noise) + EPS)))


def _sum(products: NDArray[np.float64]) -> float:
    """A sum whose last bit does not depend on the number of threads, as that of a BLAS dot product does."""
    return float(np.sum(products))
