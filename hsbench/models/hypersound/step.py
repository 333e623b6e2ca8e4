"""One training step of HyperSound: a batch in, the gradients of its loss added to every parameter.

The spectral loss takes a root over the whole batch, so a step is split where only the rebuilt samples matter:

1. the encoder reads the clips, in micro-batches, and the hypernetwork writes a vector for each;
2. the target network plays all vectors, tile by tile, without a graph;
3. the loss of the whole batch gives its gradient by the samples;
4. each tile is played again with a graph, and its share of that gradient goes back to the vectors;
5. the gradient goes back through the hypernetwork, and micro-batch by micro-batch through the encoder.

That is the gradient of the plain computation, whatever the sizes of tile and micro-batch. Tiles and micro-batches are
dealt out to the cores. Where one tile holds all, steps 2 to 4 are one pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hsbench.models.hypersound.encoded import Encoded
from hsbench.models.targets.tiles import Tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hsbench.models.hypersound.network import HyperSoundNetwork

    Loss = Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]


class TrainingStep:
    """Gradients of one batch.

    Args:
        network: what is trained.
        loss: (reference [batch, time], estimate, epoch) -> scalar.
        tile: clips and times played at once.
        micro: clips encoded at once, at most.
        policy: precision of hidden matrix products, see hsbench.fit.precision.
    """

    def __init__(self, network: HyperSoundNetwork, loss: Loss, tile: tuple[int, int], micro: int, policy: str) -> None:
        self.network, self.loss, self.micro, self.policy = network, loss, micro, policy
        self.tiles = Tiles(network.net, *tile, policy)
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
        encoded = Encoded(self.network.encoder, waveform, self.micro, self.policy)
        params = self.network.parameters_of(self.network.hypernetwork(encoded.latent))
        features = self.features if chosen is None else self.features[0, :, chosen].transpose(0, 1)
        loss = self._play(params, features, waveform if chosen is None else waveform.gather(1, chosen), epoch)
        encoded.backward()
        return loss

    @torch.no_grad()
    def play(self, waveform: torch.Tensor) -> torch.Tensor:
        """What the network makes of clips: [batch, samples] -> [batch, samples]."""
        latent = Encoded(self.network.encoder, waveform, self.micro, self.policy).latent
        return self.tiles.play(self.network.parameters_of(self.network.hypernetwork(latent)), self.features)

    def _play(
        self, params: Mapping[str, torch.Tensor], features: torch.Tensor, target: torch.Tensor, epoch: float
    ) -> torch.Tensor:
        """The loss of the batch; its gradients go back through the target network's parameters."""
        if self.tiles.single(params, features):
            loss = self.loss(target, self.tiles.apply(self.network.net.fold(params), features), epoch)
            loss.backward()  # type: ignore[no-untyped-call]
        else:
            played = self.tiles.play(params, features).requires_grad_()
            loss = self.loss(target, played, epoch)
            (slope,) = torch.autograd.grad(loss, played)
            self.tiles.backward(params, features, lambda y, tile: (y * tile.of(slope)).sum(dim=1))
        return loss.detach()
