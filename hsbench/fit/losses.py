"""Spectral training losses of a batch of waveforms.

Conventions: reference and estimate are [batch, time], floating point, at the same sample rate; a loss is a scalar.
Source: section 3.4 of arXiv 2302.04959 and its reference code, with which `mel` agrees to 1e-5.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from hsbench.audio.mel import filter_bank
from hsbench.audio.stft import magnitude, spectrum
from hsbench.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SIZES = (2048, 1024, 512, 256, 128)
"""Lengths of the transforms and of their windows, in samples; the hop is a quarter of the length."""
BANDS = 128
"""Mel bands at every resolution."""
WARM_UP = 500
"""Epochs over which the frequency weighting grows from uniform weights to its final weights."""
FLOOR = 1e-8
"""Power to which smaller values of a spectrum are raised. A value below the floor has no gradient."""
WEIGHTED = ("mel_amplitude", "spectrum")
"""What the frequency weights multiply: the difference of mel spectra by band, or both spectra by frequency."""


class MultiResolutionMelLoss:
    """Multi-resolution distance of mel spectra, with the root mean square taken over the whole batch.

    The loss is the mean over five transform lengths of

        mean |d| + sqrt(mean d^2),    d = M(reference) - M(estimate),    M(x) = bank @ sqrt(max(|STFT(x)|^2, 1e-8))

    where both means run over clips, mel bands and frames of the whole batch.

    Root of the batch. With m_b = mean d^2 of clip b and B clips, the second term is sqrt(m), m = (1 / B) sum_b m_b.
    Its gradient with respect to clip b is grad(m_b) / (2 B sqrt(m)). It contains m, so it needs all clips of the batch:
    the loss of a batch is not the mean of the losses of its parts. (By concavity of the root it is at least that mean.)
    Several processes that share a batch therefore average m itself, under the root: argument `across`.

    Frequency weighting. Band i = 1 .. N has the final weight w_i = N i^p / sum_j j^p. The weights sum to N, so an error
    |d| that is the same in all bands keeps its loss, and p > 0 moves emphasis from low to high frequencies. Over the
    first 500 epochs the weights in use are (1 - s) + s w_i with s growing linearly from 0 to 1; their sum is
    (1 - s) N + s N = N throughout. `mel_amplitude` (the reference code) multiplies |d| and d^2 by the weight of the
    band, so under the root the weight acts as sqrt(w_i). `spectrum` (the text of the paper) multiplies the spectra of
    both signals by the weight of the frequency; the mel bank is linear, so that equals a bank with weighted columns.

    Args:
        sample_rate: sample rate of the waveforms, in Hz.
        frequency_weight_p: exponent p, at least 0; 0 switches the weighting off.
        weighted: what the weights multiply, one of WEIGHTED.
        across: averages a scalar over the processes that share the batch; the identity in a single process.

    Raises:
        UsageError: the exponent is negative.
        UnknownNameError: `weighted` is not one of WEIGHTED.
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
        self._weights: dict[int, tuple[float, torch.Tensor]] = {}
        self._compiled: Callable[..., tuple[torch.Tensor, torch.Tensor]] | None = None
        self._banks = {n: torch.from_numpy(filter_bank(sample_rate, n, BANDS)) for n in SIZES}

    def __call__(self, reference: torch.Tensor, estimate: torch.Tensor, epoch: float = 0) -> torch.Tensor:
        """Return the loss of a batch, a scalar.

        Args:
            reference: [batch, time], at least 1025 samples.
            estimate: [batch, time], of the same shape.
            epoch: epochs for which the frequency weighting has grown; from 500 on it has its final weights.

        Raises:
            UsageError: the shapes differ, or the waveforms are too short for the longest transform.
        """
        if estimate.shape != reference.shape or reference.shape[-1] <= SIZES[0] // 2:
            raise UsageError(
                f"the multi-resolution loss expects two batches of one shape and more than {SIZES[0] // 2} samples, "
                f"got {list(reference.shape)} and {list(estimate.shape)}."
            )
        if self._compiled is None:
            return torch.stack([self._at(reference, estimate, n_fft, epoch) for n_fft in SIZES]).mean()
        banks, weights = zip(*(self._weighted(n_fft, estimate, epoch) for n_fft in SIZES), strict=True)
        linear, square = self._compiled(banks, weights, _in_reals(reference), _in_reals(estimate))
        return (linear + self.across(square).sqrt()).mean()

    def compile(self, backend: str = "inductor") -> None:
        """Compile what follows the transforms with torch.compile, in place; the loss changes by rounding only.

        Args:
            backend: name of torch's compiler backend.
        """
        self._compiled = torch.compile(_all_means, backend=backend, dynamic=False)

    def weights(self, count: int, epoch: float) -> torch.Tensor:
        """Return the weights of `count` bands or frequencies at an epoch: [count] float64, whose sum is `count`."""
        power = torch.arange(1, count + 1, dtype=torch.float64) ** self.p
        share = min(1.0, max(0.0, epoch / WARM_UP))
        return (1 - share) + share * count * power / power.sum()

    def _at(self, reference: torch.Tensor, estimate: torch.Tensor, n_fft: int, epoch: float) -> torch.Tensor:
        """Return the loss at one transform length, a scalar.

        The reference is transformed separately from the estimate, since it needs no backward pass.
        """
        bank, weight = self._weighted(n_fft, estimate, epoch)
        mels = [bank @ magnitude(signal, n_fft, n_fft // 4, floor=FLOOR) for signal in (reference, estimate)]
        linear, square = _means(mels[0] - mels[1], weight)
        return linear + self.across(square).sqrt()

    def _weighted(self, n_fft: int, like: torch.Tensor, epoch: float) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the mel filter bank of a transform length and the weights of its bands [bands, 1], None for none."""
        bank = self._bank(n_fft, like)
        if self.p and self.weighted == "spectrum":
            return bank * self._weights_like(bank, bank.shape[1], epoch), None
        return bank, self._weights_like(bank, BANDS, epoch)[:, None] if self.p else None

    def _weights_like(self, like: torch.Tensor, count: int, epoch: float) -> torch.Tensor:
        """Return `weights` in the precision and on the device of `like`; they are computed once per epoch."""
        known = self._weights.get(count)
        if known is None or known[0] != epoch or known[1].dtype != like.dtype or known[1].device != like.device:
            known = self._weights[count] = epoch, self.weights(count, epoch).to(like)
        return known[1]

    def _bank(self, n_fft: int, like: torch.Tensor) -> torch.Tensor:
        """Return the mel filter bank of a transform length, in the precision and on the device of `like`."""
        bank = self._banks[n_fft]
        if bank.dtype != like.dtype or bank.device != like.device:
            bank = self._banks[n_fft] = bank.to(like)
        return bank


def _means(difference: torch.Tensor, weight: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the means of |d| and d^2 over a batch, weighted by band.

    Args:
        difference: d, [batch, bands, frames].
        weight: [bands, 1]; None for equal weights.
    """
    if weight is None:
        return difference.abs().mean(), difference.square().mean()
    return (weight * difference.abs()).mean(), (weight * difference.square()).mean()


def _in_reals(waveform: torch.Tensor) -> list[torch.Tensor]:
    """Return the spectrogram at each transform length, [batch, frequencies, frames, 2] with real and imaginary part."""
    return [torch.view_as_real(spectrum(waveform, n_fft, n_fft // 4)) for n_fft in SIZES]


def _all_means(
    banks: Sequence[torch.Tensor],
    weights: Sequence[torch.Tensor | None],
    references: Sequence[torch.Tensor],
    estimates: Sequence[torch.Tensor],
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the means of |d| and d^2 at every transform length, from spectrograms in real numbers: [lengths] each.

    torch's compiler generates no code for complex numbers. For real and imaginary part a and b, |a + ib| raised to
    sqrt(FLOOR) is sqrt(max(a^2 + b^2, FLOOR)), and its gradient too is zero below the floor.
    """
    means = []
    for bank, weight, *pair in zip(banks, weights, references, estimates, strict=True):
        mels = [bank @ parts.square().sum(dim=-1).clamp(min=FLOOR).sqrt() for parts in pair]
        means.append(_means(mels[0] - mels[1], weight))
    linear, square = zip(*means, strict=True)
    return torch.stack(linear), torch.stack(square)


class ReconstructionLoss:
    """Mean absolute error plus a spectral loss, both with weight 1: (reference, estimate, epoch) -> scalar.

    Args:
        spectral_loss: a function (reference, estimate, epoch) -> scalar.
    """

    def __init__(self, spectral_loss: Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]) -> None:
        self.spectral_loss = spectral_loss

    def __call__(self, reference: torch.Tensor, estimate: torch.Tensor, epoch: float) -> torch.Tensor:
        """Return the loss of a batch.

        Args:
            reference: [batch, time].
            estimate: [batch, time].
            epoch: epochs for which the frequency weighting has grown.
        """
        return (reference - estimate).abs().mean() + self.spectral_loss(reference, estimate, epoch)

    def compile(self, backend: str = "inductor") -> None:
        """Compile the spectral loss where it can be compiled; see MultiResolutionMelLoss.compile."""
        if isinstance(self.spectral_loss, MultiResolutionMelLoss):
            self.spectral_loss.compile(backend)


def parallel_wavegan(reference: torch.Tensor, estimate: torch.Tensor, epoch: float = 0) -> torch.Tensor:
    """Return spectral convergence plus log-magnitude distance (Yamamoto et al. 2020), as auraloss computes them.

    Args:
        reference: [batch, time].
        estimate: [batch, time].
        epoch: ignored, since this loss has no frequency weighting.
    """
    del epoch
    from auraloss.freq import MultiResolutionSTFTLoss

    loss = MultiResolutionSTFTLoss(list(SIZES), [n // 4 for n in SIZES], list(SIZES), w_phs=0.0)
    value: torch.Tensor = loss(estimate[:, None], reference[:, None])
    return value


def no_spectral_loss(reference: torch.Tensor, estimate: torch.Tensor, epoch: float = 0) -> torch.Tensor:
    """Return 0, for a training with the loss in the time domain alone; the arguments are those of the other losses."""
    del reference, epoch
    return estimate.new_zeros(())


def spectral(
    kind: str, sample_rate: int, p: float, weighted: str, across: Callable[[torch.Tensor], torch.Tensor]
) -> Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]:
    """Return a spectral loss by name, a function (reference, estimate, epoch) -> scalar.

    Args:
        kind: "mel" (MultiResolutionMelLoss), "pwg" (parallel_wavegan), or "none" for no spectral loss.
        sample_rate: sample rate of the waveforms, in Hz.
        p: exponent of the frequency weighting, 0 for none.
        weighted: what the frequency weights multiply, one of WEIGHTED.
        across: averages a scalar over the processes that share a batch.

    Raises:
        UnknownNameError: there is no loss of that name.
        UsageError: the loss has no frequency weighting, and p is not 0.
    """
    if kind in ("pwg", "none") and p:
        raise UsageError(f"the loss {kind} takes no frequency weighting, got frequency_weight_p {p}; use mel.")
    losses: dict[str, Callable[[], Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]]] = {
        "mel": partial(MultiResolutionMelLoss, sample_rate, p, weighted, across),
        "pwg": lambda: parallel_wavegan,
        "none": lambda: no_spectral_loss,
    }
    if kind not in losses:
        raise UnknownNameError("spectral loss", kind, losses)
    return losses[kind]()
