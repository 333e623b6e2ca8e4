"""The one short-time Fourier transform of the house.

Periodic Hann window as long as the transform, frames centred on multiples of the hop, one-sided, no normalisation.
"""

from __future__ import annotations

import torch

NAME = "torch.stft, periodic Hann, centred"


def magnitude(
    waveform: torch.Tensor, n_fft: int, hop: int, *, pad: str = "reflect", floor: float = 0.0
) -> torch.Tensor:
    """Magnitude spectrogram.

    Args:
        waveform: [..., samples], floating point; the result has its precision.
        n_fft: transform and window length in samples.
        hop: distance of frames in samples.
        pad: what stands outside the signal: "reflect" or "constant" (zeros).
        floor: power that the spectrum is raised to where it is below; a clamp, so the gradient ends there.

    Returns:
        [..., n_fft // 2 + 1, 1 + samples // hop].
    """
    window = torch.hann_window(n_fft, periodic=True, dtype=waveform.dtype, device=waveform.device)
    flat = waveform.reshape(-1, waveform.shape[-1])
    spectrum = torch.stft(flat, n_fft, hop, window=window, center=True, pad_mode=pad, return_complex=True)
    spectrum = spectrum.reshape(*waveform.shape[:-1], *spectrum.shape[1:])
    if floor == 0:
        return spectrum.abs()
    return torch.view_as_real(spectrum).square().sum(-1).clamp(min=floor).sqrt()
