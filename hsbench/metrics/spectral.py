"""Spectral metrics: the log-spectral distance of the HyperSound reference.

Conventions
    x = reference, y = estimate, both [samples], float64; X, Y magnitude spectrograms [frequency, frame].

Metrics
    lsd     mean over frames of sqrt(mean over frequency of log10(X^2 / (Y + e)^2 + e)^2),  e = 1e-12
            n_fft = int(2048 / (44100 / rate)) (1024 at 22 050 Hz), hop = int(rate / 100) (220),
            periodic Hann, centred, zero padded
            0 .. , lower is better. A bare number: it is not in dB, and it is not symmetric.

    mr_stft spectral convergence plus mean |ln X - ln Y|, mean over the three default resolutions of auraloss, float32
            0 .. , lower is better

Undefined
    for a silent reference, and for clips shorter than one transform (the longest of mr_stft: 2048 samples).
    A digitally silent frame of the reference scores 12 whatever y is,
    so a clip against itself can exceed 0: the share of such frames is stored with each reference.

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
            decimals=3,
        ),
    ),
]

EPS = 1e-12


def lsd(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Log-spectral distance; both [samples].

    Raises:
        Undefined: "too_short", for fewer samples than one transform.
    """
    import torch

    from hsbench import cores
    from hsbench.audio.stft import spectrum

    n_fft, hop = lsd_frame(sample_rate)
    if reference.size < n_fft:
        raise Undefined("too_short")
    with cores.claimed():  # the pool's processes have the others
        pair = torch.stack([torch.from_numpy(reference), torch.from_numpy(estimate)])
        parts = torch.view_as_real(spectrum(pair, n_fft, hop, pad="constant"))
        target, guess = parts[..., 0].square() + parts[..., 1].square()
        distance = torch.log10(target / (guess.sqrt() + EPS) ** 2 + EPS) ** 2
        return float(distance.mean(dim=0).sqrt().mean())


def mr_stft(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Multi-resolution STFT loss, auraloss.freq.MultiResolutionSTFTLoss with its defaults; both [samples]."""
    del sample_rate
    import torch
    from auraloss.freq import MultiResolutionSTFTLoss

    pair = [torch.from_numpy(signal).float().view(1, 1, -1) for signal in (estimate, reference)]
    with torch.inference_mode():
        return float(MultiResolutionSTFTLoss()(*pair))
