"""RAVE v1's reconstruction losses: distance of spectra at five resolutions, and distance of loudness.

Conventions: waveforms are [batch, time], floating point; a loss is a scalar. Source: constants in the published code of
RAVE 1.
"""

from __future__ import annotations

import torch

from hsbench.audio.stft import window

SIZES = (2048, 1024, 512, 256, 128)
"""Window lengths of the spectral distance, in samples; the hop is a quarter of the window."""
FLOOR = 1e-7
"""Added to a magnitude before its logarithm."""
LOUDNESS = (2048, 512)
"""Window length and hop of the loudness distance, in samples."""


def spectral_distance(reference: torch.Tensor, estimate: torch.Tensor) -> torch.Tensor:
    """Return the sum over five window lengths of ||X - Y|| / ||X|| + mean |ln(X + 1e-7) - ln(Y + 1e-7)|.

    X and Y are the magnitudes of the short-time spectra of reference and estimate, each transform orthonormal. Norms
    and mean are over the whole batch.

    Args:
        reference: [batch, time], more than 1024 samples.
        estimate: [batch, time].
    """
    total = reference.new_zeros(())
    for size in SIZES:
        x, y = _magnitudes(reference, size, size // 4, scaled=True), _magnitudes(estimate, size, size // 4, scaled=True)
        total = total + (x - y).norm() / x.norm() + ((x + FLOOR).log() - (y + FLOOR).log()).abs().mean()
    return total


def loudness_distance(reference: torch.Tensor, estimate: torch.Tensor) -> torch.Tensor:
    """Return the mean square difference of the loudness of frames.

    The loudness of a frame is the mean over frequencies of ln |X|. The published code adds a perceptual weight a(f) in
    dB to ln |X(f)|. Both signals get the same mean of a(f), which cancels in the difference, so it is left out.

    Args:
        reference: [batch, time], more than 1024 samples.
        estimate: [batch, time].
    """
    loudness = [
        (_magnitudes(signal, *LOUDNESS, scaled=False) + FLOOR).log().mean(1) for signal in (reference, estimate)
    ]
    return (loudness[0] - loudness[1]).square().mean()


def _magnitudes(waveform: torch.Tensor, size: int, hop: int, *, scaled: bool) -> torch.Tensor:
    """Return short-time magnitudes: [batch, time] -> [batch, frequencies, frames].

    Args:
        waveform: [batch, time]; frames are centred, and the waveform is continued at its ends by reflection.
        size: length of the Hann window and of the transform, in samples.
        hop: distance of successive frames, in samples.
        scaled: whether the transform is orthonormal.
    """
    hann = window(size, waveform.dtype, waveform.device)
    spectra = torch.stft(waveform, size, hop, window=hann, normalized=scaled, return_complex=True)
    return spectra.abs()
