"""Training patches: random windows of random crops, so that a patch is scaled like those of a scored clip.

A scored clip is divided by its peak and then cut into patches. Training does the same with random crops of a clip's
length, drawn and augmented by hsbench.fit.batches, and takes several windows from each crop. A window is a run of
successive patches; runs longer than one patch are needed only by losses over joined patches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hsbench.audio.randomness import uniform
from hsbench.errors import UsageError
from hsbench.fit.transfer import sent

if TYPE_CHECKING:
    from collections.abc import Callable

    from hsbench.fit.batches import Batches


class PatchCrops:
    """Return the patches of a step when called with the step's number.

    Args:
        batches: crops of every step.
        patch: samples per patch.
        patches: patches per step, over all crops.
        run: successive patches of a window.
        key: returns a seed for a purpose, see hsbench.models.base.Context.key.

    Raises:
        UsageError: the patches cannot be divided into runs and crops, or a run is longer than a crop.
    """

    def __init__(self, batches: Batches, patch: int, patches: int, run: int, key: Callable[..., int]) -> None:
        self.batches, self.patch, self.run, self.key = batches, patch, run, key
        if patches % (run * batches.batch):
            raise UsageError(
                f"patches expects a multiple of {run * batches.batch} ({batches.batch} crops, runs of {run}), "
                f"got {patches}; change patches or batch."
            )
        if run * patch > batches.samples:
            raise UsageError(
                f"a training window of {run * patch} samples is longer than a clip of {batches.samples}; "
                "use shorter patches."
            )
        self.windows = patches // (run * batches.batch)

    def __call__(self, step: int) -> torch.Tensor:
        """Return the patches of a step: [patches, samples per patch] float32; runs are successive.

        Args:
            step: number of the step, from 0.
        """
        crops = self.batches(step)
        length = self.run * self.patch
        room = crops.shape[1] - length + 1
        keys = torch.tensor([self.key("windows", step)])
        draws = uniform(keys, crops.shape[0] * self.windows).view(crops.shape[0], self.windows)
        first = sent((draws.double() * room).long(), crops.device)
        index = first[:, :, None] + torch.arange(length, device=crops.device)
        return crops.gather(1, index.flatten(1)).view(-1, self.patch)
