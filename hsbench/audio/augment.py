"""Augmentation of a batch of training crops: phase mangle, dequantisation, division by the peak, in this order.

Conventions: waveforms are [batch, samples] float32, full scale +-1. Every random number is an argument, so the
functions are pure. Source: section 4.1 of arXiv 2302.04959 (after RAVE, Caillon and Esling 2021) and its reference
code, whose filter coefficients and output were used for checking.
"""

from __future__ import annotations

import math

import torch

RADIUS = 0.99
"""Distance of the all-pass filter's poles from the origin of the z plane."""
TAPS = 2048
"""Length in samples after which the impulse response is cut off; by then it has decayed by 0.99^2048 = 1e-9."""


def phase_mangle(waveform: torch.Tensor, frequency: torch.Tensor, sample_rate: int) -> torch.Tensor:
    """Filter each item with a second-order all-pass: the spectrum keeps its magnitude and changes its phase.

        H(z) = (|p|^2 - 2 Re(p) z^-1 + z^-2) / (1 - 2 Re(p) z^-1 + |p|^2 z^-2),   p = 0.99 exp(2 pi i f / rate)

    Args:
        waveform: [batch, samples]; the filter starts from a state of rest.
        frequency: [batch], angle of the pole as a frequency f in Hz; an item with NaN is returned unchanged.
        sample_rate: in Hz.

    Returns:
        [batch, samples].
    """
    # Why the magnitude is kept: call the denominator D(z). Its coefficients are real, so on the unit circle D(1/z) is
    # the conjugate of D(z). The numerator holds the same coefficients in reverse order: it is z^-2 D(1/z). Therefore
    # |H| = |D(1/z)| / |D(z)| = 1 at every frequency.
    #
    # Why the circular convolution of the FFT is the filter: samples + TAPS - 1 is the length of the full convolution,
    # and a transform at least that long wraps nothing onto the first `samples` values.
    samples = waveform.shape[-1]
    length = 1 << math.ceil(math.log2(samples + TAPS - 1))
    response = torch.fft.rfft(impulse_response(frequency, sample_rate), length)
    mangled = torch.fft.irfft(torch.fft.rfft(waveform, length) * response, length)[..., :samples]
    return torch.where(frequency.isnan()[:, None], waveform, mangled)


def impulse_response(frequency: torch.Tensor, sample_rate: int) -> torch.Tensor:
    """Return the first TAPS samples of the all-pass filter's impulse response.

    Args:
        frequency: [batch], angle of the pole as a frequency in Hz.
        sample_rate: in Hz.

    Returns:
        [batch, TAPS] float32, computed in float64; zeros where the frequency is NaN.
    """
    # With p = r exp(i a), the denominator is (1 - p z^-1)(1 - p* z^-1). Each factor has a geometric impulse response,
    # p^n and p*^n. Their product has the convolution of both, a geometric sum:
    #
    #     g[n] = sum_{k=0..n} p^k p*^(n-k) = r^n sum_{k=0..n} exp(i a (2k - n)) = r^n sin((n + 1) a) / sin(a)
    #
    # The numerator r^2 - 2 r cos(a) z^-1 + z^-2 weighs and delays this response:
    #
    #     h[n] = r^2 g[n] - 2 r cos(a) g[n-1] + g[n-2],   with g[-1] = g[-2] = 0
    angle = (2 * math.pi / sample_rate) * frequency.double()[:, None]
    n = torch.arange(TAPS, dtype=torch.float64, device=frequency.device)
    pole = RADIUS**n * torch.sin((n + 1) * angle) / torch.sin(angle)
    delayed = torch.nn.functional.pad(pole, (2, 0))
    response = RADIUS**2 * pole - 2 * RADIUS * torch.cos(angle) * delayed[:, 1:-1] + delayed[:, :-2]
    return torch.nan_to_num(response).float()


def dequantise(waveform: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """Add noise of up to a quarter of a 16-bit quantisation step: waveform + (noise - 1/2) / 2^16.

    Args:
        waveform: [batch, samples].
        noise: [batch, samples], uniform in [0, 1).

    Returns:
        [batch, samples].
    """
    return waveform + (noise - 0.5) * 2.0**-16


def divide_by_peak(waveform: torch.Tensor) -> torch.Tensor:
    """Divide each item by its largest absolute sample; a silent item is returned unchanged.

    Args:
        waveform: [batch, samples].

    Returns:
        [batch, samples].
    """
    peak = waveform.abs().amax(dim=-1, keepdim=True)
    return torch.where(peak > 0, waveform / peak.clamp(min=torch.finfo(peak.dtype).tiny), waveform)
