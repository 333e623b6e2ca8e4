"""HyperSound as a registered model: trained once on the training split, then it reconstructs any clip in one pass.

Settings: `combine` and `shared_layers` decide how generated weights are used (Table 3 of the paper),
`frequency_weight_p` is the frequency weighting of the spectral loss (Table 4), `norm` is the normalisation in the
encoder. Sizes that a budget reduces are training settings, and tables name those that differ from the paper.

Protocol switches: width_at_cr_1, hyper_schedule, additive_bias, multiplicative_bias, frequency_weighting and
bad_fit_is_status (see hsbench.protocols). Source: arXiv 2302.04959 and its reference code.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hsbench.errors import UsageError
from hsbench.fit import checkpoint, compilation, distributed
from hsbench.fit.losses import ReconstructionLoss, spectral
from hsbench.fit.precision import hidden, pin
from hsbench.models import quantise
from hsbench.models.base import CHECKPOINT, NETWORK, Payload, Reconstruction, verdict
from hsbench.models.coding import payload
from hsbench.models.hypersound.combine import Combination
from hsbench.models.hypersound.network import HyperSoundNetwork
from hsbench.models.hypersound.step import TrainingStep
from hsbench.models.hypersound.training import train
from hsbench.models.targets import create
from hsbench.models.targets.base import grid
from hsbench.models.targets.form import form_of
from hsbench.models.targets.tiles import TILE, Tiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context, Training

MICRO = {"cpu": 4, "cuda": 1 << 30}
"""Largest number of clips encoded at once, by device, where the setting `micro_batch` is None."""


class HyperSound:
    """Encoder and hypernetwork, trained by `fit`. `reconstruct` runs them and the target network that they generate.

    Args:
        kind: kind of the target network, "fmlp" or "siren".
        width: units of each hidden layer of the target network.
        layers: number of hidden layers of the target network.
        compression_ratio: ignored, since `width` states the size exactly.
        combine: rule that combines generated and shared weights, see hsbench.models.hypersound.combine.
        shared_layers: number of first layers whose weights all clips share.
        frequency_weight_p: exponent of the frequency weighting of the spectral loss; 0 for none.
        warmup_first_epoch: number of the first epoch in the warm-up of the frequency weighting: 0 as in the reference
            code, where the first epoch has no weighting, or 1 as in the first version of hsbench.
        spectral_loss: name of the spectral loss, see hsbench.fit.losses.spectral.
        norm: normalisation in the encoder, see hsbench.models.hypersound.encoder.
        weight_format: number format in which a clip's weights are stored, see hsbench.models.quantise.
        network: settings of the target network's kind, such as omega_0 or encoding_length.
    """

    version = 1
    group = 16

    def __init__(
        self,
        *,
        kind: str,
        width: int,
        layers: int,
        compression_ratio: float,
        combine: str,
        shared_layers: int,
        frequency_weight_p: float,
        warmup_first_epoch: int,
        spectral_loss: str,
        norm: str,
        weight_format: str,
        **network: Any,
    ) -> None:
        del compression_ratio
        self.name, self.form = f"hypersound-{kind}", quantise.check(weight_format)
        self.combine, self.shared_layers, self.norm = combine, shared_layers, norm
        self.spectral_loss, self.p, self.first_epoch = spectral_loss, frequency_weight_p, warmup_first_epoch
        self.net = create(kind, [width] * layers, **network)
        self.network: HyperSoundNetwork | None = None

    def fit(self, train_clips: Training, context: Context) -> Mapping[str, Any]:
        """Train the network, or load it from context.kept where an earlier process has trained it.

        Args:
            train_clips: clips of the training split.
            context: seed, settings and folders of the run.

        Returns:
            Facts of the training, see hsbench.models.hypersound.training.train, with seconds, generated (generated
            parameters per clip) and total (trained parameters).

        Raises:
            UsageError: a setting is out of range, or the GPU ran out of memory.
            DataError: the network in context.kept was trained with other settings.
        """
        device = pin(context.device, context.threads)
        self.network = self._build(context).to(device)
        file = context.kept / NETWORK
        if (trained := checkpoint.read(file)) is not None:
            tensors, facts = trained
            checkpoint.restore(self.network, tensors, file)
            return facts
        training = context.training
        self.network.initialise(context.key("initialise"), training["output_scale"], training["head_start"])
        start = time.perf_counter()
        try:
            step = self._step(context, device)
            if context.fast:
                compilation.keep_code()
                step.compile()
            facts = train(self.network, train_clips, context, step, self.first_epoch if self.p else None)
        except torch.OutOfMemoryError as error:
            raise UsageError(
                f"the GPU ran out of memory ({error}); encode fewer clips at once: --set {self.name}.micro_batch=4"
            ) from error
        facts |= {"seconds": round(time.perf_counter() - start, 1), **self._sizes()}
        if distributed.rank() == 0:
            checkpoint.write(file, self.network.state_dict(), facts)
            (context.kept / CHECKPOINT).unlink(missing_ok=True)
        return facts

    @torch.no_grad()
    def reconstruct(self, clips: Sequence[Clip], context: Context) -> Iterator[Reconstruction]:
        """Reconstruct clips, one micro-batch at a time.

        Raises:
            UsageError: a clip has another length than the network was trained for.
        """
        assert self.network is not None, "call fit first"
        device = next(self.network.parameters()).device
        size = context.training["micro_batch"] or MICRO[device.type]
        for first in range(0, len(clips), size):
            part, start = clips[first : first + size], time.perf_counter()
            with compilation.uncompiled(context.fast):
                vector = self.parameters_for([clip.waveform for clip in part], context)
                generated = self.network.hypernetwork.split(vector)
                stored = payload.stored(generated, quantise.BITS[self.form]) if self.form in quantise.BITS else None
                generated = generated if stored is None else stored.params
                vector = torch.cat([value.flatten(1) for value in generated.values()], dim=1)
                estimates = self._decode(vector, grid(context.samples), context)
            seconds = (time.perf_counter() - start) / len(part)
            weights = {name: value.cpu().numpy() for name, value in generated.items()}
            for index, clip in enumerate(part):
                stream = None if stored is None else stored.streams[index]
                yield Reconstruction(
                    clip_id=clip.id,
                    waveform=estimates[index],
                    payload=Payload(vector.shape[1], 32 * vector.shape[1] if stream is None else 8 * len(stream)),
                    seconds=seconds,
                    status=verdict(clip.waveform, estimates[index]),
                    weights={name: value[index] for name, value in weights.items()},
                    facts={} if stream is None else payload.parts(stream, self._shapes(), quantise.BITS[self.form]),
                    stream=stream,
                )
            context.progress(first + len(part), len(clips))

    def pack(self, weights: Mapping[str, NDArray[np.float32]]) -> bytes:
        """Return a clip's payload as bytes (see hsbench.models.base.Streaming)."""
        return payload.pack(
            {name: torch.from_numpy(weights[name]) for name in self._shapes()}, quantise.BITS.get(self.form)
        )

    def unpack(self, stream: bytes, samples: int) -> Mapping[str, NDArray[np.float32]]:
        """Return the generated parameters that a clip's payload holds (see hsbench.models.base.Streaming)."""
        del samples
        return payload.unpack(stream, self._shapes(), quantise.BITS.get(self.form))

    def _shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Return the shape of each generated parameter of a clip."""
        assert self.network is not None, "call fit first"
        return {name: tuple(shape) for name, shape in self.network.hypernetwork.shapes.items()}

    @torch.no_grad()
    def parameters_for(self, waveforms: Sequence[np.ndarray[Any, Any]], context: Context) -> torch.Tensor:
        """Generate the parameters of some clips.

        Args:
            waveforms: the clips, each [samples].
            context: the context of the run.

        Returns:
            [batch, generated parameters], in the order of the hypernetwork's `shapes`.

        Raises:
            UsageError: a clip has another length than the network was trained for.
        """
        assert self.network is not None, "call fit first"
        samples = self.network.encoder.samples
        for waveform in waveforms:
            if waveform.size != samples:
                raise UsageError(
                    f"this {self.name} was trained for clips of {samples} samples and got one of {waveform.size}; "
                    "cut the sound into clips of that length, or train another network."
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
        """Decode one clip at any times from its generated parameters (see hsbench.models.base.FunctionOfTime).

        Args:
            weights: {name: array}, the generated parameters in the clip's `Reconstruction.weights`.
            coordinates: [time], from -1 at the clip's first sample to 1 at its last.
            context: the context in which the network was trained.

        Returns:
            [time], the waveform at these times.
        """
        assert self.network is not None, "call fit first"
        device = next(self.network.parameters()).device
        flat = np.concatenate([weights[name].ravel() for name in self.network.hypernetwork.shapes])
        times = torch.from_numpy(coordinates).float().view(1, -1, 1)
        waveform: NDArray[np.float32] = self._decode(torch.from_numpy(flat)[None].to(device), times, context)[0]
        return waveform

    @torch.no_grad()
    def _decode(self, vector: torch.Tensor, times: torch.Tensor, context: Context) -> NDArray[np.float32]:
        """Evaluate target networks: vectors [batch, generated parameters], times [1, time, 1] -> [batch, time]."""
        assert self.network is not None, "call fit first"
        tiles = Tiles(self.net, *TILE[vector.device.type], context.training["precision"])
        features = self.net.features(times).to(vector.device)
        estimates: NDArray[np.float32] = tiles.play(self.network.parameters_of(vector), features).cpu().numpy()
        return estimates

    def _step(self, context: Context, device: torch.device) -> TrainingStep:
        """Return the training step."""
        assert self.network is not None
        weighted = context.switches["frequency_weighting"]
        spectral_loss = spectral(self.spectral_loss, context.sample_rate, self.p, weighted, distributed.mean)
        micro = context.training["micro_batch"] or MICRO[device.type]
        policy = context.training["precision"]
        loss, form = ReconstructionLoss(spectral_loss), form_of(policy, device)
        return TrainingStep(self.network, loss, TILE[device.type], micro, policy, form)

    def _build(self, context: Context) -> HyperSoundNetwork:
        """Return an untrained network of the sizes that the budget states."""
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
        """Return the facts `generated` and `total`: parameters generated per clip, and all trained parameters."""
        assert self.network is not None
        return {
            "generated": sum(self.network.hypernetwork.sizes),
            "total": sum(parameter.numel() for parameter in self.network.parameters()),
        }
