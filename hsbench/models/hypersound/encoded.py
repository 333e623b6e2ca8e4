"""Encoding of a batch in micro-batches spread over the CPU cores, and the gradient of the encoder's parameters.

The encoder treats every clip alone (LayerNorm takes its statistics within a clip), so the latents of a batch are those
of its micro-batches. Let z = E(x; phi) be the latent of a clip x and L the loss of the whole batch. By the chain rule

    dL / d phi = sum over clips (dz / d phi)^T dL / dz.

So L may couple all clips: once dL / dz is known for every clip, each micro-batch contributes its own terms of the sum,
independently of the others. The terms are added in a fixed order, so the same number of threads gives the same bits.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import torch

from hsbench import cores
from hsbench.fit import precision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hsbench.models.hypersound.encoder import Encoder


class EncodedBatch:
    """Latents of a batch of clips, with a backward pass into the encoder.

    Args:
        encoder: the encoder.
        waveform: [batch, samples].
        micro: largest number of clips that are encoded at once; a core may get fewer.
        policy: precision of hidden layers, see hsbench.fit.precision.

    Attributes:
        latent: [batch, numbers], detached from the encoder. Where gradients are enabled, it is a leaf tensor that
            collects the gradient of the loss.
        parts: for every core, the latents of its micro-batches, attached to the encoder.
    """

    def __init__(self, encoder: Encoder, waveform: torch.Tensor, micro: int, policy: str) -> None:
        self.encoder, self.policy = encoder, policy
        share = math.ceil(len(waveform) / cores.count(waveform.device))
        by_core = [torch.split(clips, micro) for clips in torch.split(waveform, share)]
        self.parts = cores.together([partial(self._encode, clips, torch.is_grad_enabled()) for clips in by_core])
        latent = torch.cat([part for parts in self.parts for part in parts]).detach()
        self.latent = latent.requires_grad_(torch.is_grad_enabled())

    def backward(self) -> None:
        """Propagate the gradient of `latent` through the encoder and add it to the encoder's parameters."""
        assert self.latent.grad is not None
        gradients = iter(torch.split(self.latent.grad, [len(part) for parts in self.parts for part in parts]))
        by_core = [[(part, next(gradients)) for part in parts] for parts in self.parts]
        total, *others = cores.together([partial(self._encoder_gradients, pairs) for pairs in by_core])
        for other in others:
            torch._foreach_add_(total, other)
        for parameter, by_autograd in zip(self.encoder.parameters(), total, strict=True):
            gradient = _laid_out_as(parameter, by_autograd)
            parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient

    def _encode(self, micro_batches: Sequence[torch.Tensor], graph: bool) -> list[torch.Tensor]:
        """Return the latents of one core's micro-batches; `graph` keeps what the backward pass needs."""
        with torch.set_grad_enabled(graph), precision.hidden(self.policy, micro_batches[0].device):
            return [self.encoder(clips) for clips in micro_batches]

    def _encoder_gradients(self, pairs: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> list[torch.Tensor]:
        """Return the sum of (dz / d phi)^T dL / dz over one core's micro-batches, given as pairs (z, dL / dz)."""
        total: list[torch.Tensor] = []
        for latent, latent_gradient in pairs:
            with precision.propagating(self.policy, latent.device):
                gradients = torch.autograd.grad(latent, list(self.encoder.parameters()), latent_gradient)
            if total:
                torch._foreach_add_(total, gradients)
            else:
                total = list(gradients)
        return total


def _laid_out_as(parameter: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Return a gradient whose numbers lie in memory in the order of the parameter's, as torch's fused AdamW expects."""
    strides = zip(parameter.shape, parameter.stride(), gradient.stride(), strict=True)
    if all(one == other for size, one, other in strides if size > 1):
        return gradient.as_strided(parameter.shape, parameter.stride())
    return torch.empty_like(parameter).copy_(gradient)
