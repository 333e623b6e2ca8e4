"""HyperSound as a registered model: trained once on the training split, then it rebuilds any clip in one pass.

Settings: `combine` and `shared_layers` are the ways to use the generated weights (Table 3), `frequency_weight_p` weighs
the spectral loss (Table 4), `norm` is the encoder's. What a budget scales down stands in its training part, so every
row names it.

Protocol switches: width_at_cr_1, hyper_schedule, additive_bias, multiplicative_bias, frequency_weighting,
bad_fit_is_status (see hsbench.protocols). Source: arXiv 2302.04959 and its reference code.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hsbench.device import COMPILE, switched_on
from hsbench.errors import UsageError
from hsbench.fit import checkpoint, distributed
from hsbench.fit.losses import spectral
from hsbench.fit.precision import hidden, pin
from hsbench.models import quantise
from hsbench.models.base import CHECKPOINT, NETWORK, Payload, Reconstruction, verdict
from hsbench.models.hypersound.combine import Combination
from hsbench.models.hypersound.network import HyperSoundNetwork
from hsbench.models.hypersound.step import TrainingStep
from hsbench.models.hypersound.training import train
from hsbench.models.targets import create
from hsbench.models.targets.base import grid
from hsbench.models.targets.tiles import TILE, Tiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context, Training

MICRO = {"cpu": 4, "cuda": 1 << 30}
"""Clips encoded at once where `micro_batch` leaves it open."""


class HyperSound:
    """Encoder and hypernetwork, trained by `fit`; `reconstruct` runs them and the target network that they write."""

    version = 1
    group = 16

    def __init__(
        self,
        kind: str,
        width: int,
        layers: int,
        compression_ratio: float,
        combine: str,
        shared_layers: int,
        frequency_weight_p: float,
        spectral_loss: str,
        norm: str,
        weight_format: str,
        **network: Any,
    ) -> None:
        del compression_ratio  # width says it exactly
        self.name, self.form = f"hypersound-{kind}", quantise.check(weight_format)
        self.combine, self.shared_layers, self.norm = combine, shared_layers, norm
        self.spectral_loss, self.p = spectral_loss, frequency_weight_p
        self.net = create(kind, [width] * layers, **network)
        self.network: HyperSoundNetwork | None = None

    def fit(self, train_clips: Training, context: Context) -> Mapping[str, Any]:
        """Train, or load what an earlier session trained.

        Raises:
            UsageError: a setting is out of range, or memory ran out.
            DataError: what is kept is another network.
        """
        device = pin(context.device, context.threads)
        self.network = self._build(context).to(device)
        if switched_on(COMPILE):
            self.network.compile_parts()
        file = context.kept / NETWORK
        if (found := checkpoint.read(file)) is not None:
            checkpoint.restore(self.network, found[0], file)
            return found[1]
        self.network.initialise(context.key("initialise"), context.training["output_scale"])
        began = time.perf_counter()
        try:
            facts = train(self.network, train_clips, context, self._step(context, device), steady=self.p == 0)
        except torch.OutOfMemoryError as error:
            raise UsageError(
                f"the GPU ran out of memory ({error}); encode fewer clips at once: --set {self.name}.micro_batch=4"
            ) from error
        facts |= {"seconds": round(time.perf_counter() - began, 1), **self._sizes()}
        if distributed.rank() == 0:
            checkpoint.write(file, self.network.state_dict(), facts)
            (context.kept / CHECKPOINT).unlink(missing_ok=True)
        return facts

    @torch.no_grad()
    def reconstruct(self, clips: Sequence[Clip], context: Context) -> Iterator[Reconstruction]:
        """Rebuild clips, a micro-batch at a time.

        Raises:
            UsageError: a clip has another length than the network was trained for.
        """
        assert self.network is not None, "fit comes first"
        device = next(self.network.parameters()).device
        size = context.training["micro_batch"] or MICRO[device.type]
        for first in range(0, len(clips), size):
            part, began = clips[first : first + size], time.perf_counter()
            vector = self.parameters_for([clip.waveform for clip in part], context)
            generated = quantise.stored(self.network.hypernetwork.split(vector), self.form)
            vector = torch.cat([value.flatten(1) for value in generated.values()], dim=1)
            played = self._play(vector, grid(context.samples), context)
            seconds = (time.perf_counter() - began) / len(part)
            weights = {name: value.cpu().numpy() for name, value in generated.items()}
            bits = quantise.bits({name: value[0].numel() for name, value in generated.items()}, self.form)
            for index, clip in enumerate(part):
                yield Reconstruction(
                    clip_id=clip.id,
                    waveform=played[index],
                    payload=Payload(vector.shape[1], bits),
                    seconds=seconds,
                    status=verdict(clip.waveform, played[index]),
                    weights={name: value[index] for name, value in weights.items()},
                )
            context.progress(first + len(part), len(clips))

    @torch.no_grad()
    def parameters_for(self, waveforms: Sequence[np.ndarray[Any, Any]], context: Context) -> torch.Tensor:
        """What is stored for each of some clips [samples]: [batch, generated parameters].

        Raises:
            UsageError: a clip has another length than the network was trained for.
        """
        assert self.network is not None, "fit comes first"
        wanted = self.network.encoder.samples
        for waveform in waveforms:
            if waveform.size != wanted:
                raise UsageError(
                    f"this {self.name} was trained for clips of {wanted} samples and got one of {waveform.size}; "
                    "cut the sound into clips of that length, or train another."
                )
        device = next(self.network.parameters()).device
        batch = torch.from_numpy(np.stack(waveforms)).to(device)
        with hidden(context.training["precision"], device):
            latent = self.network.encoder(batch)
        vector: torch.Tensor = self.network.hypernetwork(latent)
        return vector

    def play(
        self, weights: Mapping[str, NDArray[np.float32]], coordinates: NDArray[np.float64], context: Context
    ) -> NDArray[np.float32]:
        """A clip at any times [time] in [-1, 1], from what was generated for it, as its reconstruction has it."""
        assert self.network is not None, "fit comes first"
        device = next(self.network.parameters()).device
        flat = np.concatenate([weights[name].ravel() for name in self.network.hypernetwork.shapes])
        times = torch.from_numpy(coordinates).float().view(1, -1, 1)
        played: NDArray[np.float32] = self._play(torch.from_numpy(flat)[None].to(device), times, context)[0]
        return played

    @torch.no_grad()
    def _play(self, vector: torch.Tensor, times: torch.Tensor, context: Context) -> NDArray[np.float32]:
        """[batch, generated parameters], [1, time, 1] -> [batch, time]."""
        assert self.network is not None, "fit comes first"
        tiles = Tiles(self.net, *TILE[vector.device.type], context.training["precision"])
        features = self.net.features(times).to(vector.device)
        played: NDArray[np.float32] = tiles.play(self.network.parameters_of(vector), features).cpu().numpy()
        return played

    def _step(self, context: Context, device: torch.device) -> TrainingStep:
        """The training step, with L1 plus the spectral loss, both with weight 1."""
        assert self.network is not None
        weighted = context.switches["frequency_weighting"]
        by_spectrum = spectral(self.spectral_loss, context.sample_rate, self.p, weighted, distributed.mean)

        def loss(reference: torch.Tensor, estimate: torch.Tensor, epoch: float) -> torch.Tensor:
            return (reference - estimate).abs().mean() + by_spectrum(reference, estimate, epoch)

        micro = context.training["micro_batch"] or MICRO[device.type]
        return TrainingStep(self.network, loss, TILE[device.type], micro, context.training["precision"])

    def _build(self, context: Context) -> HyperSoundNetwork:
        training = context.training
        try:
            sizes = [int(size) for size in training["hidden"].split("-")]
        except ValueError:
            sizes = [0]
        if min(sizes) < 1:
            raise UsageError(f"hidden expects layer widths such as 400-768-400, got {training['hidden']!r}.")
        combination = Combination(self.net, self.combine, self.shared_layers, context.switches)
        return HyperSoundNetwork(self.net, combination, context.samples, training["channels"], self.norm, sizes)

    def _sizes(self) -> dict[str, int]:
        assert self.network is not None
        return {
            "generated": sum(self.network.hypernetwork.sizes),
            "total": sum(parameter.numel() for parameter in self.network.parameters()),
        }
