"""Training losses of a batch of waveforms.

Conventions: reference and estimate are [batch, time] floating point at one rate; a loss is a scalar. Source: section
3.4 of arXiv 2302.04959 and its reference code, against which `mel` is checked to 1e-5.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from hsbench.audio.mel import filter_bank
from hsbench.audio.stft import magnitude
from hsbench.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = (2048, 1024, 512, 256, 128)
"""Transform and window lengths; the hop is a quarter."""
BANDS = 128
WARM_UP = 500
"""Epochs in which the frequency weighting grows from none to its whole."""
FLOOR = 1e-8
"""Power below which a spectrum is clamped, which also ends its gradient."""
WEIGHTED = ("mel_amplitude", "spectrum")


class MultiResolutionMelLoss:
    """Mean over five resolutions of mean |d| + sqrt(mean d^2), d the difference of mel spectra.

        M = bank @ sqrt(max(|X|^2, 1e-8)),    w_i = 128 i^p / sum_j j^p on bands i = 1 .. 128

    The root is taken over the whole batch, so clips are coupled and the loss depends on the batch; `across` makes the
    mean under it one over several processes. The weights grow linearly from 1 over 500 epochs. They multiply |d| and
    d^2 (`mel_amplitude`, the reference code) or the spectra of both signals by frequency (`spectrum`, the paper).
    """

    def __init__(
        self,
        sample_rate: int,
        frequency_weight_p: float = 0.0,
        weighted: str = "mel_amplitude",
        across: Callable[[torch.Tensor], torch.Tensor] = lambda mean: mean,
    ) -> None:
        if frequency_weight_p < 0:
            raise UsageError(f"frequency_weight_p expects a number from 0, got {frequency_weight_p}.")
        if weighted not in WEIGHTED:
            raise UnknownNameError("frequency weighting", weighted, WEIGHTED)
        self.p, self.weighted, self.across = frequency_weight_p, weighted, across
        self._banks = {n: torch.from_numpy(filter_bank(sample_rate, n, BANDS)) for n in SIZES}

    def __call__(self, reference: torch.Tensor, estimate: torch.Tensor, epoch: float = 0) -> torch.Tensor:
        """The loss.

        Args:
            reference: [batch, time], at least 1025 samples.
            estimate: [batch, time].
            epoch: how far the frequency weighting has grown, in epochs.
        """
        if estimate.shape != reference.shape or reference.shape[-1] <= SIZES[0] // 2:
            raise UsageError(
                f"the multi-resolution loss expects two batches of one shape and more than {SIZES[0] // 2} samples, "
                f"got {list(reference.shape)} and {list(estimate.shape)}."
            )
        return torch.stack([self._at(reference, estimate, n_fft, epoch) for n_fft in SIZES]).mean()

    def weights(self, count: int, epoch: float) -> torch.Tensor:
        """Weights of `count` bands or frequencies at an epoch: [count], summing to count."""
        rank = torch.arange(1, count + 1, dtype=torch.float64) ** self.p
        share = min(1.0, max(0.0, epoch / WARM_UP))
        return (1 - share) + share * count * rank / rank.sum()

    def _at(self, reference: torch.Tensor, estimate: torch.Tensor, n_fft: int, epoch: float) -> torch.Tensor:
        """One resolution: a scalar. The reference is transformed apart, since it needs no way back."""
        bank = self._bank(n_fft, estimate)
        if self.p and self.weighted == "spectrum":
            bank = bank * self.weights(bank.shape[1], epoch).to(bank)
        known, mel = (bank @ magnitude(one, n_fft, n_fft // 4, floor=FLOOR) for one in (reference, estimate))
        difference = known - mel
        if self.p and self.weighted == "mel_amplitude":
            weight = self.weights(BANDS, epoch).to(bank)[:, None]
            linear, square = (weight * difference.abs()).mean(), (weight * difference.square()).mean()
        else:
            linear, square = difference.abs().mean(), difference.square().mean()
        return linear + self.across(square).sqrt()

    def _bank(self, n_fft: int, like: torch.Tensor) -> torch.Tensor:
        bank = self._banks[n_fft]
        if bank.dtype != like.dtype or bank.device != like.device:
            bank = self._banks[n_fft] = bank.to(like)
        return bank


def parallel_wavegan(reference: torch.Tensor, estimate: torch.Tensor, epoch: float = 0) -> torch.Tensor:
    """Spectral convergence and log-magnitude distance (Yamamoto et al. 2020), as auraloss computes them.

    Args:
        reference: [batch, time].
        estimate: [batch, time].
        epoch: passed over; the loss does not change with it.
    """
    del epoch
    from auraloss.freq import MultiResolutionSTFTLoss

    loss = MultiResolutionSTFTLoss(list(SIZES), [n // 4 for n in SIZES], list(SIZES), w_phs=0.0)
    value: torch.Tensor = loss(estimate[:, None], reference[:, None])
    return value


def spectral(
    kind: str, sample_rate: int, p: float, weighted: str, across: Callable[[torch.Tensor], torch.Tensor]
) -> Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]:
    """The spectral loss of a name: (reference, estimate, epoch) -> scalar.

    Raises:
        UnknownNameError: there is none.
    """
    if kind == "pwg" and p:
        raise UsageError(f"the loss pwg takes no frequency weighting, got frequency_weight_p {p}; use mel.")
    losses: dict[str, Callable[[], Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]]] = {
        "mel": partial(MultiResolutionMelLoss, sample_rate, p, weighted, across),
        "pwg": lambda: parallel_wavegan,
    }
    if kind not in losses:
        raise UnknownNameError("spectral loss", kind, losses)
    return losses[kind]()
