"""Spectral metrics: log-spectral distance, multi-resolution STFT distance, and the mel distance of neural codecs.

Conventions
    x = reference, y = estimate, both [samples], float64; X, Y magnitude spectrograms [frequency, frame].

Metrics
    lsd     mean over frames of sqrt(mean over frequency of log10(X^2 / (Y + e)^2 + e)^2),  e = 1e-12
            n_fft = int(2048 / (44100 / rate)) (1024 at 22 050 Hz), hop = int(rate / 100) (220),
            periodic Hann, centred, zero padded
            0 .. , lower is better. A bare number: it is not in dB, and it is not symmetric.

    mr_stft mean over the three default resolutions of auraloss of ||X - Y|| / ||X|| + mean |ln X - ln Y|, float32
            0 .. , lower is better

    mel     sum over seven scales s = 0 .. 6 of mean |log10 max(B_s X_s, f) - log10 max(B_s Y_s, f)|, f = 1e-5
            n_fft = 32 2^s (32 .. 2048) with a hop of n_fft / 4, periodic Hann, centred, mirrored at the ends; B_s is
            the bank of 5 2^s (5 .. 320) triangles of hsbench.audio.mel (Slaney's scale, unit area) from 0 Hz to half
            the rate; the mean is over bands and frames
            0 .. , lower is better. A bare number: a factor of 10 in level is 1 per scale, 7 in all, where no band
            falls below the floor f.

Undefined
    lsd, mr_stft: "target_silent" for a silent reference; mel is defined for silence, thanks to its floor;
    "too_short" below the length of one transform (lsd: n_fft; mr_stft and mel: their longest, 2048 samples).

Limits
    A frame in which the reference is digitally silent has the value 12 whatever y is: with X = 0 the logarithm is that
    of e. A clip compared with itself can therefore score above 0. The share of such frames is stored with each
    reference.
    mel depends on the level, and on the sample rate, which the upper edge of its bands follows.

References
    Liu et al., "Neural Vocoder is All You Need for Speech Super-resolution", 2022.
    Kumar et al., "High-Fidelity Audio Compression with Improved RVQGAN", 2023 (the scales, bands and floor of mel).
    lsd was checked against the HyperSound reference, mel against torchaudio's mel spectrograms.
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
    MetricDescriptor(
        name="mel",
        target="hsbench.metrics.spectral:mel",
        summary="mel distance of neural codecs: log mel spectra on seven scales (DAC)",
        needs=("torch",),
        info=MetricInfo(label="mel", better="lower", ideal=0.0, bounds=(0.0, None), tolerance=1e-6, min_samples=2048),
    ),
]

EPS = 1e-12

MEL_SCALES = tuple((32 << scale, 5 << scale) for scale in range(7))
"""Transform length in samples and number of mel bands of each scale."""
MEL_FLOOR = 1e-5


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


def mel(reference: NDArray[np.float64], estimate: NDArray[np.float64], sample_rate: int) -> float:
    """Return the mel distance; both [samples]."""
    import torch

    from hsbench import cores
    from hsbench.audio.mel import filter_bank
    from hsbench.audio.stft import magnitude

    with cores.claimed():  # as in lsd
        pair = torch.stack([torch.from_numpy(reference), torch.from_numpy(estimate)])
        total = 0.0
        for n_fft, bands in MEL_SCALES:
            bank = torch.from_numpy(filter_bank(sample_rate, n_fft, bands))
            levels = (bank @ magnitude(pair, n_fft, n_fft // 4)).clamp(min=MEL_FLOOR).log10()
            total += float((levels[0] - levels[1]).abs().mean())
        return total
