"""The one short-time Fourier transform of the house.

Periodic Hann window as long as the transform, frames centred on multiples of the hop, one-sided, no normalisation.
"""

from __future__ import annotations

import torch

NAME = "torch.stft, periodic Hann, centred"


def magnitude(waveform: torch.Tensor, n_fft: int, hop: int, *, pad: str = "reflect") -> torch.Tensor:
    """Magnitude spectrogram.

    Args:
        waveform: [..., samples], floating point; the result has its precision.
        n_fft: transform and window length in samples.
        hop: distance of frames in samples.
        pad: what stands outside the signal: "reflect" or "constant" (zeros).

    Returns:
        [..., n_fft // 2 + 1, 1 + samples // hop].
    """
    window = torch.hann_window(n_fft, periodic=True, dtype=waveform.dtype, device=waveform.device)
    spectrum = torch.stft(waveform, n_fft, hop, window=window, center=True, pad_mode=pad, return_complex=True)
    return spectrum.abs()
