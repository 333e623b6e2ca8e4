"""Cut a clip into patches and join them again; the coordinates within a patch, and the error at the borders.

Patch k of size P holds the samples k P .. k P + P - 1 of a clip. The last patch is completed by reflecting the clip at
its last sample, as in COIN++ (Dupont et al. 2022). The coordinates of a patch are linspace(-5, 5, P), the same for all
patches, so the shared network does not know where in a clip a patch lies.

Since every patch is encoded alone, nothing makes the estimate continuous from one patch to the next. The border error
measures the jumps. With x the clip, y its estimate and e = y - x,

    border error = rms over all borders of (e[k P] - e[k P - 1]) / rms over all samples of (x[n] - x[n - 1]),

so that 0 is a perfect border and 1 an error as large as the clip's own steps from sample to sample.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPAN = 5.0
"""Coordinates run from -SPAN to SPAN within a patch, as in COIN++."""


def count(samples: int, size: int) -> int:
    """Return the number of patches of `size` samples that cover a clip."""
    return -(-samples // size)


def cut(waveform: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Cut a waveform [samples] into patches [patches, size]."""
    missing = count(waveform.size, size) * size - waveform.size
    return np.pad(waveform, (0, missing), mode="reflect" if waveform.size > 1 else "edge").reshape(-1, size)


def join(patches: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    """Join patches [patches, size] to a waveform of `samples` samples; undoes `cut`."""
    return patches.reshape(-1)[:samples]


def coordinates(size: int, like: torch.Tensor) -> torch.Tensor:
    """Return the coordinates of a patch's own samples, [size], in the precision and on the device of `like`."""
    return torch.linspace(-SPAN, SPAN, size, dtype=like.dtype).to(like.device)


def located(times: NDArray[np.float64], samples: int, size: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the patch that each time falls into, and the coordinate within that patch.

    A time between the last sample of one patch and the first of the next belongs to the nearer one, whose coordinates
    then reach up to half a sample beyond +-SPAN.

    Args:
        times: [time], from -1 at the clip's first sample to 1 at its last.
        samples: length of the clip.
        size: samples per patch.

    Returns:
        Number of the patch and coordinate, [time] each.
    """
    position = (times + 1) / 2 * (samples - 1)
    patch = np.clip((position + 0.5) // size, 0, count(samples, size) - 1).astype(np.int64)
    return patch, SPAN * (2 * (position - patch * size) / max(1, size - 1) - 1)


def border_error(reference: NDArray[np.float32], estimate: NDArray[np.float32], size: int) -> float | None:
    """Return the border error of an estimate; None for a clip of a single patch and for one that is constant.

    Args:
        reference: [samples], the clip.
        estimate: [samples], its reconstruction.
        size: samples per patch.
    """
    step = float(np.sqrt(np.mean(np.square(np.diff(reference.astype(np.float64))))))
    jumps = np.diff((estimate - reference).astype(np.float64))[size - 1 :: size]
    if jumps.size == 0 or step == 0:
        return None
    return float(np.sqrt(np.mean(np.square(jumps)))) / step
