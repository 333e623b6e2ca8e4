"""What training does to a batch of crops: phase mangle, dequantise, divide by the peak, in this order.

Conventions: waveforms are [batch, samples] float32, full scale +-1; every random number is an argument, so that the
functions are pure. Source: section 4.1 of arXiv 2302.04959 (after RAVE, Caillon and Esling 2021) and its reference
code; checked against the latter's filter coefficients and output.
"""

from __future__ import annotations

import math

import torch

RADIUS = 0.99
"""Of the pole of the all-pass."""
TAPS = 2048
"""The impulse response is cut here: 0.99^2048 is 1e-9."""


def phase_mangle(waveform: torch.Tensor, frequency: torch.Tensor, sample_rate: int) -> torch.Tensor:
    """Second-order all-pass per item, from a state of rest.

        H(z) = (|p|^2 - 2 Re(p) z^-1 + z^-2) / (1 - 2 Re(p) z^-1 + |p|^2 z^-2),   p = 0.99 exp(2 pi i f / rate)

    Args:
        waveform: [batch, samples].
        frequency: [batch], in Hz; NaN leaves an item as it is.
        sample_rate: in Hz.

    Returns:
        [batch, samples].
    """
    samples = waveform.shape[-1]
    length = 1 << math.ceil(math.log2(samples + TAPS - 1))
    response = torch.fft.rfft(impulse_response(frequency, sample_rate), length)
    mangled = torch.fft.irfft(torch.fft.rfft(waveform, length) * response, length)[..., :samples]
    return torch.where(frequency.isnan()[:, None], waveform, mangled)


def impulse_response(frequency: torch.Tensor, sample_rate: int) -> torch.Tensor:
    """Of the all-pass: [batch] in Hz -> [batch, TAPS] float32, computed in float64.

    1 / (1 - 2 r cos(a) z^-1 + r^2 z^-2) has the impulse response r^n sin((n + 1) a) / sin(a).
    """
    angle = (2 * math.pi / sample_rate) * frequency.double()[:, None]
    n = torch.arange(TAPS, dtype=torch.float64, device=frequency.device)
    pole = RADIUS**n * torch.sin((n + 1) * angle) / torch.sin(angle)
    delayed = torch.nn.functional.pad(pole, (2, 0))
    response = RADIUS**2 * pole - 2 * RADIUS * torch.cos(angle) * delayed[:, 1:-1] + delayed[:, :-2]
    return torch.nan_to_num(response).float()


def dequantise(waveform: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """Add a quarter step of 16 bits at most: waveform + (noise - 1/2) / 2^16; noise uniform in [0, 1)."""
    return waveform + (noise - 0.5) * 2.0**-16


def divide_by_peak(waveform: torch.Tensor) -> torch.Tensor:
    """Each item over its largest absolute sample; silence stays. [batch, samples] -> [batch, samples]."""
    peak = waveform.abs().amax(dim=-1, keepdim=True)
    return torch.where(peak > 0, waveform / peak.clamp(min=torch.finfo(peak.dtype).tiny), waveform)
