"""Control: the filter bank of RAVE alone, there and back, with nothing between.

It stores as many sub-band samples as the clip has samples. As it comes, it is 16 samples late, and a metric that
compares waveforms counts that as error; with `aligned`, the lag is taken away and the last 16 samples are zeros.
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
        summary="control: RAVE's filter bank, there and back",
        needs=("torch",),
        defaults={"aligned": False},
    ),
]


class FilterBank(Clipwise):
    """16 bands and back."""

    name = "pqmf"

    def __init__(self, aligned: bool) -> None:
        self.aligned = aligned

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """The round trip; a clip that is no multiple of 16 samples is padded with zeros and cut."""
        import torch

        from hsbench.audio import pqmf
        from hsbench.audio.lag import advanced
        from hsbench.fit.precision import pin

        pin("cpu", context.threads)
        size = clip.waveform.size
        padded = np.pad(clip.waveform, (0, -size % pqmf.BANDS))
        with torch.inference_mode():
            back: NDArray[np.float32] = pqmf.synthesise(pqmf.analyse(torch.from_numpy(padded)[None]))[0].numpy()
        return (advanced(back, pqmf.LAG) if self.aligned else back)[:size], as_floats(padded.size)
