"""Spectral metrics: the log-spectral distance of the HyperSound reference, and a multi-resolution STFT distance.

Conventions
    x = reference, y = estimate, both [samples], float64; X, Y magnitude spectrograms [frequency, frame].

Metrics
    lsd     mean over frames of sqrt(mean over frequency of log10(X^2 / (Y + e)^2 + e)^2),  e = 1e-12
            n_fft = int(2048 / (44100 / rate)) (1024 at 22 050 Hz), hop = int(rate / 100) (220),
            periodic Hann, centred, zero padded
            0 .. , lower is better. A bare number: it is not in dB, and it is not symmetric.

    mr_stft mean over the three default resolutions of auraloss of ||X - Y|| / ||X|| + mean |ln X - ln Y|, float32
            0 .. , lower is better

Undefined
    "target_silent" for a silent reference;
    "too_short" below the length of one transform (lsd: n_fft; mr_stft: the longest of its transforms, 2048 samples).

Limits
    A frame in which the reference is digitally silent has the value 12 whatever y is: with X = 0 the logarithm is that
    of e. A clip compared with itself can therefore score above 0. The share of such frames is stored with each
    reference.

References
    Liu et al., "Neural Vocoder is All You Need for Speech Super-resolution", 2022.
    Checked against the HyperSound reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsbench.audio.frames import lsd_frame
from hsbench.descriptors import MetricDescriptor, MetricInfo
from hsbench.metrics.base import Undefined

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DESCRIPTORS = [
    MetricDescriptor(
        name="lsd",
        target="hsbench.metrics.spectral:lsd",
        summary="log-spectral distance (not in dB)",
        needs=("torch",),
        info=MetricInfo(
            label="LSD", better="lower", ideal=0.0, bounds=(0.0, None), tolerance=1e-6, undefined_for=("target_silent",)
        ),
    ),
    MetricDescriptor(
        name="mr_stft",
        target="hsbench.metrics.spectral:mr_stft",
        summary="multi-resolution STFT loss of auraloss (Parallel WaveGAN)",
        needs=("torch", "auraloss"),
        info=MetricInfo(
            label="MR-STFT",
            better="lower",
            ideal=0.0,
            bounds=(0.0, None),
            tolerance=1e-5,
            undefined_for=("target_silent",),
            min_samples=2048,
        ),
    ),
]

EPS = 1e-12


def lsd(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Return the log-spectral distance; both [samples].

    Raises:
        Undefined: "too_short", where a waveform is shorter than one transform.
    """
    import torch

    from hsbench import cores
    from hsbench.audio.stft import spectrum

    n_fft, hop = lsd_frame(sample_rate)
    if reference.size < n_fft:
        raise Undefined("too_short")
    with cores.claimed():  # the other cores are left to the processes that compute PESQ and STOI
        pair = torch.stack([torch.from_numpy(reference), torch.from_numpy(estimate)])
        parts = torch.view_as_real(spectrum(pair, n_fft, hop, pad="constant"))
        x_power, y_power = parts[..., 0].square() + parts[..., 1].square()
        distance = torch.log10(x_power / (y_power.sqrt() + EPS) ** 2 + EPS) ** 2
        return float(distance.mean(dim=0).sqrt().mean())


def mr_stft(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Return auraloss.freq.MultiResolutionSTFTLoss with its default settings; both [samples]."""
    del sample_rate
    import torch
    from auraloss.freq import MultiResolutionSTFTLoss

    pair = [torch.from_numpy(signal).float().view(1, 1, -1) for signal in (estimate, reference)]
    with torch.inference_mode():
        return float(MultiResolutionSTFTLoss()(*pair))
