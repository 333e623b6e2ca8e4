"""Controls that store spectral magnitudes without phase, which show how a metric rates a right spectrum at wrong phase.

* `random-phase`: the magnitudes of the clip's short-time spectrum with random phases, transformed back once.
  Overlapping frames with random phases contradict each other, so the estimate's own magnitudes differ a little from
  those stored.
* `mel-griffin-lim`: a mel spectrogram, the input of many vocoders. The magnitudes are recovered by the pseudo-inverse
  of the mel filter bank, with negative results set to zero; the phases by the iteration of Griffin and Lim.

A frame is n_fft samples long (settings n_fft and hop, in samples). The clip is padded with zeros at both ends, and all
computation is in float64. Payload: one float32 number per stored magnitude.
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
        trains=False,
        needs=("torch",),
        defaults={"n_fft": 1024, "hop": 256},
    ),
    ModelDescriptor(
        name="mel-griffin-lim",
        target="hsbench.models.magnitudes:MelGriffinLim",
        summary="control: an 80-band mel spectrogram, inverted by Griffin-Lim",
        trains=False,
        needs=("torch",),
        defaults={"n_fft": 1024, "hop": 256, "bands": 80, "passes": 32},
    ),
]


class RandomPhase(Clipwise):
    """Reconstruct a clip from its short-time magnitudes, with random phases.

    Args:
        n_fft: length of a frame and of its transform, in samples.
        hop: distance of successive frames, in samples; at most half a frame, so that frames leave no gaps.

    Raises:
        UsageError: the hop is outside this range.
    """

    name = "random-phase"

    def __init__(self, n_fft: int, hop: int) -> None:
        if not 0 < hop <= n_fft // 2:
            raise UsageError(f"{self.name}.hop expects 1 to n_fft / 2 = {n_fft // 2} samples, got {hop}.")
        self.n_fft, self.hop = n_fft, hop

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Transform, replace the phases and transform back; return the estimate and its payload."""
        magnitudes = self._magnitudes(clip, context)
        return self._waveform(magnitudes, 0, clip, context), as_floats(magnitudes.numel())

    def _magnitudes(self, clip: Clip, context: Context) -> torch.Tensor:
        """Return the clip's short-time magnitudes, [n_fft // 2 + 1, frames]."""
        import torch

        from hsbench.audio import stft
        from hsbench.fit.precision import pin

        pin("cpu", context.threads)
        return stft.magnitude(torch.from_numpy(clip.waveform).double(), self.n_fft, self.hop, pad="constant")

    def _waveform(self, magnitudes: torch.Tensor, passes: int, clip: Clip, context: Context) -> NDArray[np.float64]:
        """Return a waveform of these magnitudes; 0 passes of Griffin and Lim leave the initial random phases."""
        from hsbench.audio.griffin_lim import griffin_lim

        random = np.random.default_rng(context.key("phase", clip.id))
        size = clip.waveform.size
        waveform: NDArray[np.float64] = griffin_lim(
            magnitudes, self.n_fft, self.hop, size, passes=passes, random=random
        ).numpy()
        return waveform


class MelGriffinLim(RandomPhase):
    """Reconstruct a clip from its mel spectrogram by the algorithm of Griffin and Lim.

    Args:
        n_fft: length of a frame and of its transform, in samples.
        hop: distance of successive frames, in samples; at most half a frame.
        bands: number of mel bands.
        passes: iterations of Griffin and Lim.

    Raises:
        UsageError: a setting is outside its range.
    """

    name = "mel-griffin-lim"

    def __init__(self, n_fft: int, hop: int, bands: int, passes: int) -> None:
        super().__init__(n_fft, hop)
        if bands < 1 or passes < 1:
            raise UsageError(f"{self.name} expects bands and passes from 1, got {bands} and {passes}.")
        self.bands, self.passes = bands, passes

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Compute the mel spectrogram and invert it; return the estimate and its payload."""
        import torch

        bank = torch.from_numpy(filter_bank(clip.sample_rate, self.n_fft, self.bands))
        mels = bank @ self._magnitudes(clip, context)
        # Fewer bands than frequencies: many magnitudes give the same mels. The pseudo-inverse picks the solution of
        # least squares, which may be negative, and a magnitude may not.
        magnitudes = (torch.linalg.pinv(bank) @ mels).clamp(min=0)
        return self._waveform(magnitudes, self.passes, clip, context), as_floats(mels.numel())
