"""Control: analysis and synthesis by the filter bank of RAVE, with no network between them.

The control stores as many sub-band samples as the clip has samples. The filter bank delays the sound by 16 samples,
which a metric that compares waveforms counts as error. With `aligned`, the estimate is advanced by this lag, and its
last 16 samples are zeros.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hsbench.descriptors import ModelDescriptor
from hsbench.models.clipwise import Clipwise, as_floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context, Payload

DESCRIPTORS = [
    ModelDescriptor(
        name="pqmf",
        target="hsbench.models.filterbank:FilterBank",
        summary="control: analysis and synthesis by RAVE's filter bank",
        trains=False,
        needs=("torch",),
        defaults={"aligned": False},
    ),
]


class FilterBank(Clipwise):
    """Split a clip into 16 sub-bands and add them up again.

    Args:
        aligned: whether to remove the lag of the filter bank from the estimate.
    """

    name = "pqmf"

    def __init__(self, aligned: bool) -> None:
        self.aligned = aligned

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Analyse and synthesise one clip. It is padded with zeros to a multiple of 16 samples and cut back."""
        import torch

        from hsbench.audio import pqmf
        from hsbench.audio.lag import advanced
        from hsbench.fit.precision import pin

        pin("cpu", context.threads)
        size = clip.waveform.size
        padded = np.pad(clip.waveform, (0, -size % pqmf.BANDS))
        with torch.inference_mode():
            estimate: NDArray[np.float32] = pqmf.synthesise(pqmf.analyse(torch.from_numpy(padded)[None]))[0].numpy()
        return (advanced(estimate, pqmf.LAG) if self.aligned else estimate)[:size], as_floats(padded.size)
