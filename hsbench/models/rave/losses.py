"""RAVE v1's distance of sounds: spectra at five resolutions, once by sub-band and once whole, and loudness.

Conventions: sounds are [batch, time]; a loss is a scalar. Source: the published code of RAVE 1, as numbers.
"""

from __future__ import annotations

import torch

SIZES = (2048, 1024, 512, 256, 128)
"""Windows; the hop is a quarter."""
FLOOR = 1e-7
"""Added to a magnitude before its logarithm."""
LOUDNESS = (2048, 512)
"""Window and hop."""


def spectral_distance(reference: torch.Tensor, estimate: torch.Tensor) -> torch.Tensor:
    """The sum over resolutions of ||X - Y|| / ||X|| + mean |ln(X + 1e-7) - ln(Y + 1e-7)|.

    X and Y are magnitudes of orthonormal transforms; the norms go over the whole batch.

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
    """Mean square difference of the loudness of frames, the mean over frequencies of ln |X|.

    A weighting by frequency would be the same in both and cancel.
    """
    loud = [(_magnitudes(one, *LOUDNESS, scaled=False) + FLOOR).log().mean(1) for one in (reference, estimate)]
    return (loud[0] - loud[1]).square().mean()


def _magnitudes(waveform: torch.Tensor, size: int, hop: int, *, scaled: bool) -> torch.Tensor:
    """[batch, time] -> [batch, frequencies, frames]; centred, reflected at the ends, Hann."""
    window = torch.hann_window(size, dtype=waveform.dtype, device=waveform.device)
    spectra = torch.stft(waveform, size, hop, window=window, normalized=scaled, return_complex=True)
    return spectra.abs()
