"""Two ways to put an individual INR to the test: noise on its fitted weights, and a fit to every s-th sample.

Noise on the weights. Each tensor W of a clip becomes W + s r(W) n with n ~ N(0, 1), r(W) the root mean square of W and
s the setting `weight_noise`. Measured in parts of r(W), the noise does not depend on the scale that a kind of network
gives to its weights, so that kinds can be compared.

Fewer samples. With `fit_stride` s, the clip is low-passed to 1 / s of its band and the network sees every s-th sample
of the result, as if the clip had been recorded at 1 / s of its sample rate. The estimate has all samples, and the clip
itself is the truth between and above what was fitted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hsbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray


def checked_noise(noise: float) -> float:
    """Return the setting `weight_noise` if it is a finite number from 0.

    Raises:
        UsageError: it is not.
    """
    if not 0 <= noise < float("inf"):
        raise UsageError(f"weight_noise expects a number from 0, got {noise!r}.")
    return float(noise)


def checked_stride(stride: int) -> int:
    """Return the setting `fit_stride` if it is a whole number from 1.

    Raises:
        UsageError: it is not.
    """
    if not isinstance(stride, int) or stride < 1:
        raise UsageError(f"fit_stride expects a whole number from 1, got {stride!r}.")
    return stride


def disturbed(
    params: Mapping[str, torch.Tensor], noise: float, clips: Sequence[str], key: Callable[..., int]
) -> Mapping[str, torch.Tensor]:
    """Return the parameters of several clips with noise, drawn for each clip and tensor: {name: [batch, *shape]}.

    Args:
        params: {name: [batch, *shape]}.
        noise: standard deviation in parts of the root mean square of each clip's tensor.
        clips: identifiers of the clips.
        key: returns a seed for a purpose, see hsbench.models.base.Context.key.
    """
    if not noise:
        return params

    def disturb(name: str, value: torch.Tensor, clip: str) -> torch.Tensor:
        generator = torch.Generator().manual_seed(key("weight-noise", name, clip))
        normal = torch.randn(value.shape, generator=generator).to(value.device)
        return value + noise * value.square().mean().sqrt() * normal

    return {
        name: torch.stack([disturb(name, part, clip) for part, clip in zip(value.detach(), clips, strict=True)])
        for name, value in params.items()
    }


def fitted_to(waveform: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """Return the samples that a network is fitted to: [samples] -> [ceil(samples / stride)].

    Args:
        waveform: the clip.
        stride: distance of these samples; the clip is low-passed first, unless it is 1.
    """
    if stride == 1:
        return waveform
    from hsbench.audio.resample import resample

    # Down to 1 / stride of the rate and back is a low-pass at the Nyquist frequency of the lower rate.
    lowered = resample(resample(waveform, stride, 1), 1, stride)
    return lowered[: waveform.size : stride].copy()
