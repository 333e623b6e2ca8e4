"""Griffin and Lim's iteration: a waveform for a magnitude spectrogram that has lost its phase.

Each pass takes the phase of the spectrogram that the last waveform really has and puts the wanted magnitudes back;
the distance of the two spectrograms never grows. Reference: Griffin and Lim 1984, "Signal estimation from modified
short-time Fourier transform".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hsbench.audio import stft

if TYPE_CHECKING:
    from numpy.random import Generator


def random_phase(magnitudes: torch.Tensor, random: Generator) -> torch.Tensor:
    """Magnitudes of any shape with phases drawn uniformly from [0, 2 pi): complex, the same shape."""
    phases = torch.from_numpy(random.uniform(0, 2 * torch.pi, tuple(magnitudes.shape)))
    return torch.polar(magnitudes.double(), phases)


def griffin_lim(
    magnitudes: torch.Tensor, n_fft: int, hop: int, samples: int, *, passes: int, random: Generator
) -> torch.Tensor:
    """Find a waveform.

    Args:
        magnitudes: [n_fft // 2 + 1, 1 + samples // hop], of zero-padded frames as in hsbench.audio.stft.
        n_fft: transform and window length in samples.
        hop: distance of frames in samples.
        samples: length of the waveform.
        passes: of the iteration; 0 leaves the phases random.
        random: draws the phases at the start.

    Returns:
        [samples], float64.
    """
    waveform = stft.inverse(random_phase(magnitudes, random), n_fft, hop, samples)
    for _ in range(passes):
        phases = stft.spectrum(waveform, n_fft, hop, pad="constant").angle()
        waveform = stft.inverse(torch.polar(magnitudes.double(), phases), n_fft, hop, samples)
    return waveform
