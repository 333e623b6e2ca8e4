"""Controls that keep spectral magnitudes and no phase: what a metric says of the right spectrum at the wrong phase.

* `random-phase`: the magnitudes of the clip's short-time spectrum, phases drawn at random, one inverse transform. The
  frames overlap and disagree, so the magnitudes of what comes out are not quite those stored.
* `mel-griffin-lim`: a mel spectrogram, the input of many vocoders. Magnitudes come back through the pseudo-inverse of
  the filter bank, negative ones as zero, and the phases by Griffin and Lim's iteration.

Frames are n_fft samples long (settings n_fft, hop) and padded with zeros at the ends; all in float64. Payload: one
float32 number per magnitude kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hsbench.audio.mel import filter_bank
from hsbench.descriptors import ModelDescriptor
from hsbench.errors import UsageError
from hsbench.models.clipwise import Clipwise, as_floats

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context, Payload

DESCRIPTORS = [
    ModelDescriptor(
        name="random-phase",
        target="hsbench.models.magnitudes:RandomPhase",
        summary="control: the clip's spectral magnitudes at random phase",
        needs=("torch",),
        defaults={"n_fft": 1024, "hop": 256},
    ),
    ModelDescriptor(
        name="mel-griffin-lim",
        target="hsbench.models.magnitudes:MelGriffinLim",
        summary="control: an 80-band mel spectrogram, inverted by Griffin-Lim",
        needs=("torch",),
        defaults={"n_fft": 1024, "hop": 256, "bands": 80, "passes": 32},
    ),
]


class RandomPhase(Clipwise):
    """All magnitudes, no phase.

    Raises:
        UsageError: the frames leave gaps.
    """

    name = "random-phase"

    def __init__(self, n_fft: int, hop: int) -> None:
        if not 0 < hop <= n_fft // 2:
            raise UsageError(f"{self.name}.hop expects 1 to n_fft / 2 = {n_fft // 2} samples, got {hop}.")
        self.n_fft, self.hop = n_fft, hop

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """The inverse transform of the magnitudes at random phase."""
        magnitudes = self._magnitudes(clip, context)
        return self._inverted(magnitudes, 0, clip, context), as_floats(magnitudes.numel())

    def _magnitudes(self, clip: Clip, context: Context) -> torch.Tensor:
        """Return the clip's magnitudes, [n_fft // 2 + 1, frames]."""
        import torch

        from hsbench.audio import stft
        from hsbench.fit.precision import pin

        pin("cpu", context.threads)
        return stft.magnitude(torch.from_numpy(clip.waveform).double(), self.n_fft, self.hop, pad="constant")

    def _inverted(self, magnitudes: torch.Tensor, passes: int, clip: Clip, context: Context) -> NDArray[np.float64]:
        from hsbench.audio.griffin_lim import griffin_lim

        random = np.random.default_rng(context.key("phase", clip.id))
        size = clip.waveform.size
        waveform: NDArray[np.float64] = griffin_lim(
            magnitudes, self.n_fft, self.hop, size, passes=passes, random=random
        ).numpy()
        return waveform


class MelGriffinLim(RandomPhase):
    """Magnitudes in mel bands, no phase.

    Raises:
        UsageError: a count is not positive, or the frames leave gaps.
    """

    name = "mel-griffin-lim"

    def __init__(self, n_fft: int, hop: int, bands: int, passes: int) -> None:
        super().__init__(n_fft, hop)
        if bands < 1 or passes < 1:
            raise UsageError(f"{self.name} expects bands and passes from 1, got {bands} and {passes}.")
        self.bands, self.passes = bands, passes

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Griffin and Lim's iteration on magnitudes of the mel spectrogram."""
        import torch

        bank = torch.from_numpy(filter_bank(clip.sample_rate, self.n_fft, self.bands))
        mels = bank @ self._magnitudes(clip, context)
        magnitudes = (torch.linalg.pinv(bank) @ mels).clamp(min=0)
        return self._inverted(magnitudes, self.passes, clip, context), as_floats(mels.numel())
