"""LayerNorm over channels and time in two stages, for GPUs: moments of each channel, then of the whole clip.

torch's LayerNorm gives a row to one block of threads, and here a row is a whole clip, up to 524 288 numbers: at batch
16 it occupies 16 of an H100's 132 multiprocessors and takes 55 % of a training step (speed/NOTES.md). The moments of
the channels are 16 to 256 independent sums per clip. All channels have equally many numbers, so with the mean m_c and
the variance v_c of channel c

    m = mean_c m_c,    v = mean over c and t of (x - m)^2 = mean_c (v_c + (m_c - m)^2),

since the mean over t of 2 (x - m_c) (m_c - m) is zero. The backward pass has sums over a whole clip too, of the
gradient g and of g times the result. Autograd takes a sum where a value was broadcast; m and 1 / sqrt(v) are therefore
expanded to one value per channel first, so that its sums have two stages as well, over time and then over channels.
"""

from __future__ import annotations

import torch

EPSILON = 1e-5
"""Added to the variance, as torch's LayerNorm does."""


def preferred(x: torch.Tensor) -> bool:
    """Return whether activations are normalised in two stages: on a GPU."""
    return x.is_cuda


def normalise(x: torch.Tensor) -> torch.Tensor:
    """Return x with zero mean and unit variance over channels and time: [batch, channels, time] -> the same shape."""
    variances, means = torch.var_mean(x, dim=2, correction=0, keepdim=True)
    mean = means.mean(dim=1, keepdim=True)
    variance = (variances + (means - mean).square()).mean(dim=1, keepdim=True)
    scale = torch.rsqrt(variance + EPSILON)
    return (x - mean.expand_as(means)) * scale.expand_as(means)
