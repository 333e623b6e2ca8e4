"""The short-time Fourier transform that models, losses and metrics share.

Definition: periodic Hann window as long as the transform, frames centred on multiples of the hop, one-sided spectrum,
no normalisation.
"""

from __future__ import annotations

import functools
import math

import torch

NAME = "torch.stft, periodic Hann, centred"


@functools.lru_cache(maxsize=64)
def window(size: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Return a periodic Hann window, which nobody may change: [size]."""
    with torch.inference_mode(False):  # it is used in training too, even if inference asks for it first
        return torch.hann_window(size, periodic=True, dtype=dtype, device=device)


def magnitude(
    waveform: torch.Tensor, n_fft: int, hop: int, *, pad: str = "reflect", floor: float = 0.0
) -> torch.Tensor:
    """Return the magnitude spectrogram of waveforms.

    Args:
        waveform: [..., samples], floating point; the result has its precision.
        n_fft: transform and window length in samples.
        hop: distance of frames in samples.
        pad: how the waveform is continued at its ends, "reflect" (mirrored) or "constant" (zeros).
        floor: smallest power; smaller values are raised to it. The gradient is zero there, as that of a clamp.

    Returns:
        [..., n_fft // 2 + 1, 1 + samples // hop].
    """
    magnitudes = spectrum(waveform, n_fft, hop, pad=pad).abs()
    return magnitudes.clamp(min=math.sqrt(floor)) if floor else magnitudes


def spectrum(waveform: torch.Tensor, n_fft: int, hop: int, *, pad: str = "reflect") -> torch.Tensor:
    """Return the complex spectrogram of waveforms; the arguments and the shape are those of `magnitude`."""
    flat = waveform.reshape(-1, waveform.shape[-1])
    hann = window(n_fft, flat.dtype, flat.device)
    transformed = torch.stft(flat, n_fft, hop, window=hann, center=True, pad_mode=pad, return_complex=True)
    return transformed.reshape(*waveform.shape[:-1], *transformed.shape[1:])


def inverse(transformed: torch.Tensor, n_fft: int, hop: int, samples: int) -> torch.Tensor:
    """Return the waveform whose spectrogram is nearest to the given one in the mean square (weighted overlap-add).

    Args:
        transformed: [n_fft // 2 + 1, 1 + samples // hop], complex.
        n_fft: transform and window length in samples.
        hop: distance of frames in samples, at most n_fft / 2.
        samples: length of the waveform.

    Returns:
        [samples], in the precision of the spectrogram.
    """
    hann = window(n_fft, transformed.real.dtype, transformed.device)
    return torch.istft(transformed, n_fft, hop, window=hann, center=True, length=samples)
