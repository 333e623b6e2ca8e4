"""Clips read by the encoder in micro-batches, dealt out to the cores, and the gradient's way back through it."""

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


class Encoded:
    """What an encoder makes of a batch.

    Args:
        encoder: the encoder.
        waveform: [batch, samples].
        micro: clips encoded at once, at most; a core may have fewer.
        policy: precision of hidden matrix products, see hsbench.fit.precision.

    Attributes:
        latent: [batch, numbers], cut off from the encoder; it collects a gradient where gradients are on.
    """

    def __init__(self, encoder: Encoder, waveform: torch.Tensor, micro: int, policy: str) -> None:
        self.encoder, self.policy = encoder, policy
        share = math.ceil(len(waveform) / cores.count(waveform.device))
        hands = [torch.split(clips, micro) for clips in torch.split(waveform, share)]
        self.parts = cores.together([partial(self._read, clips, torch.is_grad_enabled()) for clips in hands])
        latent = torch.cat([part for parts in self.parts for part in parts]).detach()
        self.latent = latent.requires_grad_(torch.is_grad_enabled())

    def backward(self) -> None:
        """Add the latent's gradient, taken through the encoder, to the encoder's parameters."""
        assert self.latent.grad is not None
        slopes = iter(torch.split(self.latent.grad, [len(part) for parts in self.parts for part in parts]))
        hands = [[(part, next(slopes)) for part in parts] for parts in self.parts]
        total, *others = cores.together([partial(self._pull, pairs) for pairs in hands])
        for other in others:
            torch._foreach_add_(total, other)
        for parameter, gradient in zip(self.encoder.parameters(), total, strict=True):
            parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient

    def _read(self, clips: Sequence[torch.Tensor], graph: bool) -> list[torch.Tensor]:
        with torch.set_grad_enabled(graph), precision.hidden(self.policy, clips[0].device):
            return [self.encoder(part) for part in clips]

    def _pull(self, pairs: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> list[torch.Tensor]:
        total: list[torch.Tensor] = []
        for part, slope in pairs:
            found = torch.autograd.grad(part, list(self.encoder.parameters()), slope)
            if total:
                torch._foreach_add_(total, found)
            else:
                total = list(found)
        return total
