"""One training step of HyperSound: compute the loss of a batch and add its gradients to every parameter.

Why a step cannot simply accumulate gradients over parts of the batch: with the mean square m of the spectral difference
over the whole batch, the loss contains sqrt(m). Its gradient grad(m) / (2 sqrt(m)) has m in the denominator, so every
part needs the waveforms of the whole batch first. The loss depends on the network only through these waveforms y. By
the chain rule, with theta the parameters of the target network,

    dL / d theta = sum over clips and times of (dy / d theta) dL / dy,

and the step needs the whole batch for dL / dy only:

1. The encoder reads the clips in micro-batches, and the hypernetwork generates the parameters of each clip.
2. The target network computes y in tiles of clips and times, without an autograd graph.
3. The loss of the whole batch gives dL / dy, one number per sample.
4. Each tile is computed again with a graph. The sum of y dL / dy, with dL / dy held constant, has exactly the gradient
   above, so it is the loss that each tile propagates backwards.
5. The gradient passes through the hypernetwork, and micro-batch by micro-batch through the encoder.

The result is the gradient of the plain computation up to rounding, for every size of tile and micro-batch. The target
network keeps the activations of one tile per core; the encoder keeps those of all micro-batches until step 5. Tiles and
micro-batches are spread over the CPU cores. Where one tile holds everything, steps 2 to 4 are one backward pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hsbench.fit import precision
from hsbench.models.hypersound.encoded import EncodedBatch
from hsbench.models.targets.form import PLAIN
from hsbench.models.targets.tiles import Tiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hsbench.fit.losses import MultiResolutionMelLoss, ReconstructionLoss
    from hsbench.models.hypersound.network import HyperSoundNetwork
    from hsbench.models.targets.form import Form

    Loss = ReconstructionLoss | MultiResolutionMelLoss


class TrainingStep:
    """Compute the gradients of the loss of one batch.

    Args:
        network: the network that is trained, on its device. Its parameters may come to lie in memory in another order.
        loss: (reference [batch, time], estimate [batch, time], epoch) -> scalar.
        tile: largest number of clips and of times that the target network evaluates at once.
        micro: largest number of clips that are encoded at once.
        policy: precision of hidden layers, see hsbench.fit.precision.
        form: how the target network is evaluated, see hsbench.models.targets.form.
    """

    def __init__(
        self,
        network: HyperSoundNetwork,
        loss: Loss,
        tile: tuple[int, int],
        micro: int,
        policy: str,
        form: Form = PLAIN,
    ) -> None:
        self.network, self.loss, self.micro, self.policy = network, loss, micro, policy
        network.encoder.lay_out()
        self.tiles = Tiles(network.net, *tile, policy, form)
        like = next(network.parameters())
        coords = torch.linspace(-1, 1, network.encoder.samples, dtype=like.dtype).view(1, -1, 1)
        self.features = network.net.features(coords).to(like.device)

    def __call__(self, waveform: torch.Tensor, chosen: torch.Tensor | None, epoch: float) -> torch.Tensor:
        """Add the gradients of a batch to the parameters and return its loss, detached.

        Args:
            waveform: [batch, samples].
            chosen: [batch, time], the numbers of the samples of each clip that are reconstructed and compared; None for
                all samples.
            epoch: epochs for which the frequency weighting of the loss has grown.
        """
        encoded = EncodedBatch(self.network.encoder, waveform, self.micro, self.policy)
        params = self.network.parameters_of(self.network.hypernetwork(encoded.latent))
        features = self.features if chosen is None else self.features[0, :, chosen].transpose(0, 1)
        target = waveform if chosen is None else waveform.gather(1, chosen)
        loss = self._loss_and_gradients(params, features, target, epoch)
        encoded.backward()
        return loss

    def compile(self, backend: str = "inductor") -> None:
        """Let torch compile encoder, hypernetwork, target network and spectral loss, in place.

        Args:
            backend: name of torch's compiler backend.
        """
        self.network.compile_parts(backend)
        self.loss.compile(backend)

    @torch.no_grad()
    def reconstruct(self, waveform: torch.Tensor) -> torch.Tensor:
        """Reconstruct clips with the network as it is: [batch, samples] -> [batch, samples]."""
        latent = EncodedBatch(self.network.encoder, waveform, self.micro, self.policy).latent
        return self.tiles.play(self.network.parameters_of(self.network.hypernetwork(latent)), self.features)

    def _loss_and_gradients(
        self, params: Mapping[str, torch.Tensor], features: torch.Tensor, target: torch.Tensor, epoch: float
    ) -> torch.Tensor:
        """Propagate the loss of the batch back into the target network's parameters; return it detached.

        Args:
            params: parameters of the target network, {name: [batch or 1, *shape]}.
            features: inputs of its first layer, [batch or 1, inputs, time].
            target: [batch, time], the reference at these times.
            epoch: epochs for which the frequency weighting of the loss has grown.
        """
        if self.policy == "tf32" and self.tiles.single(params, features):
            return self._in_stages(params, features, target, epoch)
        if self.tiles.single(params, features):
            loss = self.loss(target, self.tiles.apply(self.network.net.fold(params), features), epoch)
            loss.backward()  # type: ignore[no-untyped-call]
        else:
            estimate = self.tiles.play(params, features).requires_grad_()
            loss = self.loss(target, estimate, epoch)
            (to_estimate,) = torch.autograd.grad(loss, estimate)
            self.tiles.backward(params, features, lambda y, tile: (y * tile.of(to_estimate)).sum(dim=1))
        return loss.detach()

    def _in_stages(
        self, params: Mapping[str, torch.Tensor], features: torch.Tensor, target: torch.Tensor, epoch: float
    ) -> torch.Tensor:
        """Do the same in three backward passes: loss, target network and hypernetwork.

        Only that of the target network may round to TF32, which is a state of the process (hsbench.fit.precision).
        """
        folded = self.network.net.fold(params)
        leaves = {name: value.detach().requires_grad_() for name, value in folded.items()}
        attached = self.tiles.apply(leaves, features)
        estimate = attached.detach().requires_grad_()
        loss = self.loss(target, estimate, epoch)
        (to_estimate,) = torch.autograd.grad(loss, estimate)
        with precision.propagating(self.policy, features.device):
            gradients = torch.autograd.grad(attached, list(leaves.values()), to_estimate)
        torch.autograd.backward(list(folded.values()), gradients)
        return loss.detach()
