"""One training step of HyperSound: a batch in, the gradients of its loss added to every parameter.

The spectral loss takes a root over the whole batch, so a step is split where only the rebuilt samples matter:

1. encoder and hypernetwork write a vector per clip, in micro-batches;
2. the target network plays all vectors, tile by tile, without a graph;
3. the loss of the whole batch gives its gradient by the samples;
4. each tile is played again with a graph, and its share of that gradient goes back to the vectors;
5. the gradient by the vectors goes back through hypernetwork and encoder, micro-batch by micro-batch.

That is the gradient of the plain computation, whatever the sizes of tile and micro-batch. Where one tile holds all,
steps 2 to 4 are one pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hsbench.fit import precision

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hsbench.models.hypersound.network import HyperSoundNetwork

    Loss = Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]


class TrainingStep:
    """Gradients of one batch.

    Args:
        network: what is trained.
        loss: (reference [batch, time], estimate, epoch) -> scalar.
        tile: coordinates played at once.
        micro: clips encoded at once.
        policy: precision of hidden matrix products, see hsbench.fit.precision.
    """

    def __init__(self, network: HyperSoundNetwork, loss: Loss, tile: int, micro: int, policy: str) -> None:
        self.network, self.loss, self.tile, self.micro, self.policy = network, loss, tile, micro, policy
        like = next(network.parameters())
        coords = torch.linspace(-1, 1, network.encoder.samples, dtype=like.dtype).view(1, -1, 1)
        self.features = network.net.features(coords).to(like.device)

    def __call__(self, waveform: torch.Tensor, chosen: torch.Tensor | None, epoch: float) -> torch.Tensor:
        """Add the gradients; gives the loss, detached.

        Args:
            waveform: [batch, samples].
            chosen: [batch, time], numbers of the samples of each clip that are played and compared; None for all.
            epoch: how far the frequency weighting has grown.
        """
        vectors = [self._encode(part) for part in torch.split(waveform, self.micro)]
        vector = torch.cat([part.detach() for part in vectors]).requires_grad_()
        params = self.network.parameters_of(vector)
        features = self.features if chosen is None else self.features[0, chosen]
        target = waveform if chosen is None else waveform.gather(1, chosen)
        loss, gradients = self._play(params, features, target, epoch)
        torch.autograd.backward([params[name] for name in gradients], list(gradients.values()))
        assert vector.grad is not None
        for part, gradient in zip(vectors, torch.split(vector.grad, self.micro), strict=True):
            part.backward(gradient)  # type: ignore[no-untyped-call]
        return loss

    @torch.no_grad()
    def play(self, waveform: torch.Tensor) -> torch.Tensor:
        """What the network makes of clips: [batch, samples] -> [batch, samples]."""
        params = self.network.parameters_of(self._encode(waveform))
        parts = torch.split(self.features, self.tile, dim=1)
        return torch.cat([self._apply(params, part) for part in parts], dim=1)

    def _encode(self, waveform: torch.Tensor) -> torch.Tensor:
        with precision.hidden(self.policy, waveform.device):
            latent = self.network.encoder(waveform)
        vector: torch.Tensor = self.network.hypernetwork(latent)
        return vector

    def _play(
        self, params: Mapping[str, torch.Tensor], features: torch.Tensor, target: torch.Tensor, epoch: float
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The loss of the batch and its gradients by the target network's parameters."""
        leaves = {name: value.detach().requires_grad_() for name, value in params.items()}
        spans = [slice(first, first + self.tile) for first in range(0, target.shape[1], self.tile)]
        if len(spans) == 1:
            loss = self.loss(target, self._apply(leaves, features), epoch)
            loss.backward()  # type: ignore[no-untyped-call]
        else:
            with torch.no_grad():
                played = torch.cat([self._apply(leaves, features[:, span]) for span in spans], dim=1)
            loss = self.loss(target, played.requires_grad_(), epoch)
            (slope,) = torch.autograd.grad(loss, played)
            for span in spans:
                self._apply(leaves, features[:, span]).backward(slope[:, span])  # type: ignore[no-untyped-call]
        return loss.detach(), {name: leaf.grad for name, leaf in leaves.items() if leaf.grad is not None}

    def _apply(self, params: Mapping[str, torch.Tensor], features: torch.Tensor) -> torch.Tensor:
        with precision.hidden(self.policy, features.device):
            return precision.full(self.network.net.apply_features(params, features))
